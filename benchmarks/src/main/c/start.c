/* From the start of the process to the first message: one to itself. */
#include "bench.h"

void start(const struct job *job) {
    int fd = bound(job->self);
    struct sockaddr_un self = address_of(job->self);
    char payload[SMALLEST];
    fill_data(payload, sizeof payload);
    if (sendto(fd, payload, sizeof payload, 0, (struct sockaddr *)&self, sizeof self) < 0) fail("send");
    if (recv(fd, payload, sizeof payload, 0) != sizeof payload || payload[0] != DATA) fail("receive");
    say("done count=1 nanos=0");
}
