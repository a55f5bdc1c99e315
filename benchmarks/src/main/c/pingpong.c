/* Round trips of one message between two processes. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct line {
    int fd, epoll, flags;
    enum style style;
    bool stream;
    struct address sender;
    char *payload;
    size_t size;
};

static struct line open_line(const struct job *job, bool active) {
    struct line line = {.style = job->style, .size = job->size, .payload = malloc(job->size)};
    line.stream = job->mode == STREAM;
    line.fd = set_up(job, active);
    line.epoll = job->style == EPOLL ? epoll_of(line.fd, EPOLLIN) : -1;
    line.flags = job->style == BLOCK ? 0 : MSG_DONTWAIT;
    return line;
}

static void take(struct line *line) {
    for (size_t came = 0;;) {
        line->sender.length = sizeof line->sender.un;
        ssize_t size = recvfrom(line->fd, line->payload + came, line->size - came, line->flags,
                                &line->sender.any, &line->sender.length);
        if (size > 0) came += size;
        if (came == line->size && line->payload[0] == DATA) return;
        if (size > 0 && line->stream) continue;
        if (size >= 0 || (errno != EAGAIN && errno != EINTR)) fail("receive");
        if (line->style == EPOLL) await_epoll(line->epoll);
        if (line->style == POLL) await_poll(line->fd, POLLIN);
    }
}

void echo(const struct job *job) {
    struct line line = open_line(job, false);
    bool named = job->mode != MUTUAL && job->mode != STREAM;
    for (;;) {
        take(&line);
        if (sendto(line.fd, line.payload, line.size, line.flags,
                   named ? &line.sender.any : NULL, named ? line.sender.length : 0) < 0)
            fail("send");
    }
}

static int by_size(const void *a, const void *b) {
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

void ping(const struct job *job) {
    struct line line = open_line(job, true);
    struct address peer = address_of(job->peer);
    bool named = job->mode == UNCONNECTED;
    enum { ROOM = 1 << 20 };
    unsigned *trips = malloc(ROOM * sizeof *trips);
    for (;;) {
        long until = next_round(), started = now(), before = started, count = 0;
        while (before < until && count < ROOM) {
            fill_data(line.payload, line.size);
            if (sendto(line.fd, line.payload, line.size, line.flags,
                       named ? &peer.any : NULL, named ? peer.length : 0) < 0)
                fail("send");
            take(&line);
            long after = now();
            trips[count++] = after - before;
            before = after;
        }
        qsort(trips, count, sizeof *trips, by_size);
        say("done count=%ld nanos=%ld p50=%u p99=%u", count, before - started, trips[count / 2],
            trips[count * 99 / 100]);
    }
}
