/* bench ROLE STYLE MODE SIZE plain|fds|offload SELF PEER [SOCKETS ACTIVE] */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int index_of(const char *word, const char *const *words) {
    for (int i = 0; words[i]; i++)
        if (!strcmp(word, words[i])) return i;
    fprintf(stderr, "what is %s?\n", word);
    exit(2);
}

int main(int argc, char **argv) {
    static const char *const roles[] = {"receive", "send", "echo", "ping", "serve-many", "ping-many", "accept", "connect", "start",
                                        NULL};
    static const char *const styles[] = {"block", "poll", "epoll", "spin", "mmsg", "mmsg-block", NULL};
    static const char *const modes[] = {"unconnected", "connected", "mutual", "stream", NULL};
    if (argc < 8) return 2;
    struct job job = {
        .style = index_of(argv[2], styles),
        .mode = index_of(argv[3], modes),
        .size = strtoul(argv[4], NULL, 10),
        .fds = !strcmp(argv[5], "fds"),
        .offload = !strcmp(argv[5], "offload"),
        .self = argv[6],
        .peer = argv[7],
        .sockets = argc > 8 ? atoi(argv[8]) : 1,
        .active = argc > 9 ? atoi(argv[9]) : 1,
    };
    switch (index_of(argv[1], roles)) {
        case 0: receive(&job); break;
        case 1: send_rounds(&job); break;
        case 2: echo(&job); break;
        case 3: ping(&job); break;
        case 4: serve_many(&job); break;
        case 5: ping_many(&job); break;
        case 6: accept_all(&job); break;
        case 7: connect_all(&job); break;
        default: start(&job);
    }
    return 0;
}
