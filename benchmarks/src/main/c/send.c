/* Sends for the time of a round, one by one or in batches, and then how many. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct line {
    const struct job *job;
    int fd, epoll, waits_on, flags, passed;
    struct address peer;
};

static _Alignas(struct cmsghdr) char control[CONTROL];

static void await_room(struct line *line) {
    if (line->epoll >= 0) await_epoll(line->epoll);
    else if (line->job->style == POLL) await_poll(line->waits_on, POLLOUT);
}

static struct msghdr header_of(struct line *line, struct iovec *part, bool pass) {
    struct msghdr header = {.msg_iov = part, .msg_iovlen = 1};
    if (line->job->mode == UNCONNECTED) {
        header.msg_name = &line->peer.any;
        header.msg_namelen = line->peer.length;
    }
    if (pass) put_fd(&header, control, line->passed);
    return header;
}

/* A message goes whole or not at all: also in a stream, where it is small. */
static void one(struct line *line, const struct msghdr *header) {
    ssize_t sent;
    while ((sent = sendmsg(line->fd, header, line->flags)) < 0) {
        if (errno != EAGAIN && errno != EINTR) fail("send");
        if (errno == EAGAIN) await_room(line);
    }
    if ((size_t)sent != header->msg_iov->iov_len) fail("part of a message sent");
}

static void plain(struct line *line, const char *payload, size_t size) {
    bool named = line->job->mode == UNCONNECTED;
    const struct sockaddr *to = named ? &line->peer.any : NULL;
    while (size > 0) {
        ssize_t sent = sendto(line->fd, payload, size, line->flags, to, named ? line->peer.length : 0);
        if (sent >= 0) {
            /* Of a datagram that is all. */
            payload += sent;
            size -= sent;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) fail("send");
        if (errno == EAGAIN) await_room(line);
    }
}

static void many(struct line *line, struct mmsghdr *messages, int count) {
    for (int sent = 0; sent < count;) {
        int n = sendmmsg(line->fd, messages + sent, count - sent, line->flags);
        if (n > 0) sent += n;
        else if (errno != EAGAIN && errno != EINTR) fail("send");
        if (sent < count && line->epoll >= 0) await_room(line);
    }
}

/* An unconnected socket always polls writable: what waits is a socket connected to the target. */
static int helper(const char *peer) {
    struct address address = address_of(peer);
    int fd = open_for(&address, SOCK_DGRAM);
    connect_to(fd, peer);
    return fd;
}

void send_rounds(const struct job *job) {
    struct line line = {.job = job, .epoll = -1, .peer = address_of(job->peer)};
    line.fd = set_up(job, true);
    bool blocks = job->style == BLOCK || job->style == MMSG_BLOCK;
    bool batches = job->style == MMSG || job->style == MMSG_BLOCK;
    line.flags = blocks ? 0 : MSG_DONTWAIT;
    line.waits_on = job->mode == UNCONNECTED && !blocks ? helper(job->peer) : line.fd;
    if (job->style == EPOLL || job->style == MMSG) line.epoll = epoll_of(line.waits_on, EPOLLOUT);
    line.passed = open("/dev/null", O_RDONLY | O_CLOEXEC);

    int batch = job->fds ? FD_BATCH : BATCH;
    if (job->offload && batch * job->size > MOST_JOINED) batch = MOST_JOINED / job->size;
    int joined = job->offload ? batch : 1;
    char *data = malloc(joined * job->size), end[SMALLEST];
    for (int i = 0; i < joined; i++) fill_data(data + i * job->size, job->size);
    struct iovec part = {data, joined * job->size}, last_part = {end, sizeof end};
    struct msghdr header = header_of(&line, &part, job->fds);
    struct msghdr last = header_of(&line, &last_part, false);
    if (job->offload) put_segment(&header, control, job->size);
    struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) messages[i].msg_hdr = header;

    for (;;) {
        long until = next_round(), started = now(), count = 0;
        while (now() < until) {
            if (batches) many(&line, messages, batch / joined);
            for (int i = 0; i < batch && !batches; i++) {
                if (job->fds) one(&line, &header);
                else plain(&line, data, job->size);
            }
            count += batch;
        }
        fill_end(end, count);
        one(&line, &last);
        say("done count=%ld nanos=%ld", count, now() - started);
    }
}
