/* Many open sockets of which few are used: an echo server on one epoll, and its client. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static char *numbered(const char *path, int i) {
    char *name;
    if (asprintf(&name, "%s.%d", path, i) < 0) fail("asprintf");
    return name;
}

void serve_many(const struct job *job) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < job->sockets; i++) {
        char *name = numbered(job->self, i);
        int fd = bound(name);
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) < 0) fail("epoll_ctl");
        free(name);
    }
    say("bound");
    say("ready");
    char *payload = malloc(job->size);
    struct epoll_event events[64];
    struct address sender;
    for (;;) {
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            socklen_t named = sizeof sender.un;
            ssize_t size = recvfrom(events[i].data.fd, payload, job->size, MSG_DONTWAIT,
                                    &sender.any, &named);
            if (size < 0 && errno == EAGAIN) continue;
            if (size < 0 || payload[0] != DATA) fail("receive");
            if (sendto(events[i].data.fd, payload, size, MSG_DONTWAIT, &sender.any, named) < 0)
                fail("send");
        }
    }
}

/* The active sockets are spread over all. */
void ping_many(const struct job *job) {
    int *lines = malloc(job->active * sizeof *lines);
    say("bound");
    char word[16];
    if (scanf("%15s", word) != 1) exit(0);
    for (int i = 0; i < job->active; i++) {
        char *self = numbered(job->self, i), *peer = numbered(job->peer, i * (job->sockets / job->active));
        lines[i] = bound(self);
        connect_to(lines[i], peer);
        free(self);
        free(peer);
    }
    say("ready");
    char *payload = malloc(job->size);
    for (;;) {
        long until = next_round(), started = now(), count = 0;
        while (now() < until) {
            for (int i = 0; i < job->active; i++, count++) {
                fill_data(payload, job->size);
                if (send(lines[i], payload, job->size, 0) < 0) fail("send");
                if (recv(lines[i], payload, job->size, 0) < 0 || payload[0] != DATA) fail("receive");
            }
        }
        say("done count=%ld nanos=%ld", count, now() - started);
    }
}
