/* The C contestants: what the kernel gives a program that has nothing in its way. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

enum mode { UNCONNECTED, CONNECTED, MUTUAL, STREAM };
enum style { BLOCK, POLL, EPOLL, SPIN, MMSG, MMSG_BLOCK };

/* What the runner asked for: see main.c. */
struct job {
    enum style style;
    enum mode mode;
    size_t size;
    bool fds, offload;
    int sockets, active;
    const char *self, *peer;
};

/*
 * The first byte of a message: more follow, or this is the last of a round and tells their number. In a stream
 * the messages are one after the other, of the job's size, and the last of a round of SMALLEST.
 */
enum { DATA = 'D', END = 'E' };
#define BATCH 64
#define FD_BATCH 32
#define JOINED_BATCH 8
#define SMALLEST 16
/* Of UDP: a receiver that is not on its processor for a moment loses nothing. */
#define RECEIVE_BUFFER (4 << 20)

/* A path, or HOST:PORT of UDP. */
struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
    };
    socklen_t length;
};

/* common.c */
void fail(const char *what);
long now(void);
struct address address_of(const char *name);
int open_for(const struct address *address, int type);
int bound(const char *name);
int listening(const char *name);
void connect_to(int fd, const char *name);
int connected_stream(const char *name);
bool connects(const struct job *job, bool active);
int set_up(const struct job *job, bool active);
long next_round(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int epoll_of(int fd, unsigned events);
void await_epoll(int epoll);
void await_poll(int fd, short events);
void fill_data(char *payload, size_t size);
void fill_end(char *payload, long count);
void tally(const char *payload, ssize_t size, socklen_t sender);
void tally_stream(const char *bytes, ssize_t count, size_t size);
void close_passed(struct msghdr *message);
void put_fd(struct msghdr *message, void *control, int fd);
void put_segment(struct msghdr *message, void *control, size_t size);
int segment_of(struct msghdr *message);
#define CONTROL CMSG_SPACE(sizeof(int))
#define MOST_JOINED 65000

/* The roles. */
void receive(const struct job *job);
void send_rounds(const struct job *job);
void echo(const struct job *job);
void ping(const struct job *job);
void serve_many(const struct job *job);
void ping_many(const struct job *job);
void accept_all(const struct job *job);
void connect_all(const struct job *job);
void start(const struct job *job);

#endif
