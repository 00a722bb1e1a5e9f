/* The time of day of a process, ahead of the machine's by what a file says: eight bytes, nanoseconds. Only the time of day: what waits
 * goes by the monotonic clock, and no other function of the C library is touched. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const int64_t right = 0;
static const volatile int64_t *offset = &right;

__attribute__((constructor)) static void open_offset(void)
{
    const char *path = getenv("FLEET_TEST_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *shared = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    if (shared == MAP_FAILED)
        abort();
    offset = shared;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t faked = now->tv_sec * SECOND + now->tv_nsec + *offset;
        now->tv_sec = faked / SECOND;
        now->tv_nsec = faked % SECOND;
    }
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec faked;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &faked);
    now->tv_sec = faked.tv_sec;
    now->tv_usec = faked.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec faked;
    clock_gettime(CLOCK_REALTIME, &faked);
    if (now != NULL)
        *now = faked.tv_sec;
    return faked.tv_sec;
}
