/* From the start of the process to the first message: one to itself. */
#include "bench.h"

void start(const struct job *job) {
    int fd = bound(job->self);
    struct address self = address_of(job->self);
    char payload[SMALLEST];
    fill_data(payload, sizeof payload);
    if (sendto(fd, payload, sizeof payload, 0, &self.any, self.length) < 0) fail("send");
    if (recv(fd, payload, sizeof payload, 0) != sizeof payload || payload[0] != DATA) fail("receive");
    say("done count=1 nanos=0");
}
