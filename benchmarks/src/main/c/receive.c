/* Receives for ever, one by one or in batches. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct slot {
    struct iovec part;
    struct address sender;
    _Alignas(struct cmsghdr) char control[CONTROL];
};

static struct mmsghdr messages[BATCH];
static struct slot slots[BATCH];

static void prepare(int count, size_t size) {
    for (int i = 0; i < count; i++) {
        slots[i].part = (struct iovec){malloc(size), size};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &slots[i].sender.any, .msg_iov = &slots[i].part, .msg_iovlen = 1};
    }
}

/* The kernel wrote over these lengths. */
static void reset(int count, bool beside) {
    for (int i = 0; i < count; i++) {
        messages[i].msg_hdr.msg_namelen = sizeof slots[i].sender.un;
        if (!beside) continue;
        messages[i].msg_hdr.msg_control = slots[i].control;
        messages[i].msg_hdr.msg_controllen = CONTROL;
    }
}

/* Of a stream too a read that brings a descriptor brings one message, and at most that. */
static void count(int number, const struct job *job) {
    for (int i = 0; i < number; i++) {
        struct msghdr *header = &messages[i].msg_hdr;
        const char *payload = header->msg_iov->iov_base;
        if (job->fds && messages[i].msg_len && payload[0] == DATA) close_passed(header);
        if (job->mode == STREAM) tally_stream(payload, messages[i].msg_len, job->size);
        else tally(payload, messages[i].msg_len, header->msg_namelen);
    }
}

static void count_joined(int number) {
    for (int i = 0; i < number; i++) {
        struct msghdr *header = &messages[i].msg_hdr;
        const char *payload = header->msg_iov->iov_base;
        int left = messages[i].msg_len, segment = segment_of(header);
        if (!segment) segment = left;
        for (; left > 0; left -= segment, payload += segment)
            tally(payload, left < segment ? left : segment, header->msg_namelen);
    }
}

static int one(int fd, int flags, bool fds) {
    if (!fds) {
        messages[0].msg_hdr.msg_namelen = sizeof slots[0].sender.un;
        ssize_t size = recvfrom(fd, slots[0].part.iov_base, slots[0].part.iov_len, flags,
                                &slots[0].sender.any, &messages[0].msg_hdr.msg_namelen);
        messages[0].msg_len = size;
        return size < 0 ? -1 : 1;
    }
    reset(1, true);
    ssize_t size = recvmsg(fd, &messages[0].msg_hdr, flags | MSG_CMSG_CLOEXEC);
    messages[0].msg_len = size;
    return size < 0 ? -1 : 1;
}

static int many(int fd, int flags, bool beside, int batch) {
    static int used = BATCH;
    reset(used, beside);
    int received = recvmmsg(fd, messages, batch, flags | MSG_CMSG_CLOEXEC, NULL);
    if (received > 0) used = received;
    return received;
}

void receive(const struct job *job) {
    int fd = set_up(job, false);
    bool batches = job->style == MMSG || job->style == MMSG_BLOCK;
    int batch = job->fds ? FD_BATCH : job->offload ? JOINED_BATCH : BATCH;
    int flags = job->style == BLOCK ? 0 : job->style == MMSG_BLOCK ? MSG_WAITFORONE : MSG_DONTWAIT;
    int epoll = job->style == EPOLL || job->style == MMSG ? epoll_of(fd, EPOLLIN) : -1;
    if (job->offload && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &(int){1}, sizeof(int)) < 0) fail("UDP_GRO");
    prepare(BATCH, job->offload ? MOST_JOINED : job->size < SMALLEST ? SMALLEST : job->size);
    for (;;) {
        int received = batches ? many(fd, flags, job->fds || job->offload, batch) : one(fd, flags, job->fds);
        if (received > 0 && job->offload) count_joined(received);
        else if (received > 0) count(received, job);
        else if (errno != EAGAIN && errno != EINTR) fail("receive");
        /* A short batch has emptied the queue: trying again would only say so. */
        if (received == batch || (!batches && received == 1)) continue;
        if (epoll >= 0) await_epoll(epoll);
        else if (job->style == POLL) await_poll(fd, POLLIN);
    }
}
