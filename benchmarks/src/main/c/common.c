/* Sockets, waiting, counting, and the words exchanged with the runner. */
#define _GNU_SOURCE
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

void fail(const char *what) {
    printf("failed %s: %s\n", what, strerror(errno));
    exit(1);
}

long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

struct address address_of(const char *name) {
    struct address address = {0};
    if (name[0] == '/') {
        address.un.sun_family = AF_UNIX;
        strncpy(address.un.sun_path, name, sizeof address.un.sun_path - 1);
        address.length = sizeof address.un;
        return address;
    }
    char host[INET_ADDRSTRLEN] = "";
    const char *port = strchr(name, ':');
    if (!port || port - name >= INET_ADDRSTRLEN) fail(name);
    memcpy(host, name, port - name);
    address.in.sin_family = AF_INET;
    address.in.sin_port = htons(atoi(port + 1));
    if (inet_pton(AF_INET, host, &address.in.sin_addr) != 1) fail(name);
    address.length = sizeof address.in;
    return address;
}

int open_for(const struct address *address, int type) {
    int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    return fd;
}

int bound(const char *name) {
    struct address self = address_of(name);
    int fd = open_for(&self, SOCK_DGRAM), room = RECEIVE_BUFFER;
    if (self.any.sa_family == AF_INET) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, &self.any, self.length) < 0) fail("bind");
    return fd;
}

void connect_to(int fd, const char *name) {
    struct address peer = address_of(name);
    if (connect(fd, &peer.any, peer.length) < 0) fail("connect");
}

int listening(const char *name) {
    struct address self = address_of(name);
    int fd = open_for(&self, SOCK_STREAM);
    if (bind(fd, &self.any, self.length) < 0) fail("bind");
    if (listen(fd, SOMAXCONN) < 0) fail("listen");
    return fd;
}

int connected_stream(const char *name) {
    struct address peer = address_of(name);
    int fd = open_for(&peer, SOCK_STREAM);
    if (connect(fd, &peer.any, peer.length) < 0) fail("connect");
    return fd;
}

void say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void await_word(const char *expected) {
    char line[64];
    if (!fgets(line, sizeof line, stdin)) exit(0);
    if (strncmp(line, expected, strlen(expected))) fail(line);
}

bool connects(const struct job *job, bool active) {
    return job->mode == MUTUAL || (job->mode == CONNECTED && active);
}

/* The passive side listens, and accepts one connection. */
static int set_up_stream(const struct job *job, bool active) {
    int server = active ? -1 : listening(job->self);
    say("bound");
    await_word("connect");
    int fd = active ? connected_stream(job->peer) : accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) fail("accept");
    if (!active) close(server);
    say("ready");
    return fd;
}

/* Binds; and connects, when the other side is bound too. */
int set_up(const struct job *job, bool active) {
    if (job->mode == STREAM) return set_up_stream(job, active);
    int fd = bound(job->self);
    say("bound");
    await_word("connect");
    if (connects(job, active)) connect_to(fd, job->peer);
    say("ready");
    return fd;
}

/* Waits for the runner and returns when the round is to end. */
long next_round(void) {
    long millis;
    if (scanf(" go %ld", &millis) != 1) exit(0);
    return now() + millis * 1000000;
}

int epoll_of(int fd, unsigned events) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = events};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) < 0) fail("epoll");
    return epoll;
}

void await_epoll(int epoll) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) < 0 && errno != EINTR) fail("epoll_wait");
}

void await_poll(int fd, short events) {
    struct pollfd wanted = {.fd = fd, .events = events};
    if (poll(&wanted, 1, -1) < 0 && errno != EINTR) fail("poll");
}

void fill_data(char *payload, size_t size) {
    memset(payload, 'x', size);
    payload[0] = DATA;
}

/* A byte, and the number in network order: the other side may be a JVM. */
void fill_end(char *payload, long count) {
    payload[0] = END;
    for (int i = 0; i < 8; i++) payload[1 + i] = (char)(count >> (8 * (7 - i)));
}

static long count, bytes, unnamed;

static void tell_round(const char *end) {
    long sent = 0;
    for (int i = 0; i < 8; i++) sent = sent << 8 | (unsigned char)end[1 + i];
    if (unnamed) say("failed %ld messages without a sender", unnamed);
    say("got count=%ld sent=%ld bytes=%ld", count, sent, bytes);
    count = bytes = unnamed = 0;
}

/* Counts a message; at the end of a round tells how many came and how many were sent. */
void tally(const char *payload, ssize_t size, socklen_t sender) {
    if (sender <= sizeof(sa_family_t)) unnamed++;
    if (payload[0] == DATA) {
        count++;
        bytes += size;
        return;
    }
    tell_round(payload);
}

/* As tally, of bytes that may be parts of messages or several: one that is lost moves all that follow. */
void tally_stream(const char *came, ssize_t length, size_t size) {
    static size_t left;
    static bool ending;
    static char end[SMALLEST];
    if (length == 0) fail("the stream has ended");
    while (length > 0) {
        if (left == 0) {
            ending = came[0] == END;
            if (!ending && came[0] != DATA) fail("a message begins with something else");
            left = ending ? SMALLEST : size;
        }
        size_t part = (size_t)length < left ? (size_t)length : left;
        if (ending) memcpy(end + SMALLEST - left, came, part);
        else bytes += part;
        left -= part;
        came += part;
        length -= part;
        if (left > 0) continue;
        if (ending) tell_round(end);
        else count++;
    }
}

void put_fd(struct msghdr *message, void *control, int fd) {
    message->msg_control = control;
    message->msg_controllen = CONTROL;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

void close_passed(struct msghdr *message) {
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fd;
    if (!header || header->cmsg_type != SCM_RIGHTS) fail("a message without its descriptor");
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    close(fd);
}

/* The kernel cuts the message into datagrams of that size (udp(7)). */
void put_segment(struct msghdr *message, void *control, size_t size) {
    uint16_t segment = size;
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(sizeof segment);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(header), &segment, sizeof segment);
}

/* Of which size the datagrams were that came as this message; 0 if it was one. */
int segment_of(struct msghdr *message) {
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int size = 0;
    if (header && header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO)
        memcpy(&size, CMSG_DATA(header), sizeof size);
    return size;
}
