/* A server that accepts connections and closes them, and a client that makes them. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* How many connections the client has open at a time: the server finds several, and no backlog is full. */
#define OPEN 32

void accept_all(const struct job *job) {
    int server = listening(job->self);
    bool blocks = job->style == BLOCK;
    int flags = blocks ? SOCK_CLOEXEC : SOCK_CLOEXEC | SOCK_NONBLOCK;
    int epoll = job->style == EPOLL ? epoll_of(server, EPOLLIN) : -1;
    if (!blocks && ioctl(server, FIONBIO, &(int){1}) < 0) fail("FIONBIO");
    say("bound");
    say("ready");
    for (;;) {
        int fd = accept4(server, NULL, NULL, flags);
        if (fd >= 0) close(fd);
        else if (errno == EAGAIN && epoll >= 0) await_epoll(epoll);
        else if (errno == EAGAIN) await_poll(server, POLLIN);
        else if (errno != EINTR && errno != ECONNABORTED) fail("accept");
    }
}

static void await_end(int fd) {
    char byte;
    if (recv(fd, &byte, 1, 0) != 0) fail("a connection that was not closed");
    close(fd);
}

/* A connection counts when the server has closed it. */
void connect_all(const struct job *job) {
    say("bound");
    char word[16];
    if (scanf("%15s", word) != 1) exit(0);
    say("ready");
    int open[OPEN];
    for (;;) {
        long until = next_round(), started = now(), count = 0;
        while (count % OPEN || now() < until) {
            int *place = &open[count % OPEN];
            if (count >= OPEN) await_end(*place);
            *place = connected_stream(job->peer);
            count++;
        }
        for (long i = 0; i < OPEN && i < count; i++) await_end(open[i]);
        say("done count=%ld nanos=%ld", count, now() - started);
    }
}
