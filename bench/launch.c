/* Runs a command and tells what it took: launch FD COMMAND [ARGUMENT...] writes
 * "WALL_NS CPU_NS PEAK_BYTES STATUS" to the descriptor FD; STATUS is the command's exit code,
 * or 128 and the signal that ended it.
 *
 * ru_maxrss of a process begins with the size of the process that made it, before exec. So
 * what starts commands to be measured must be small, which an interpreter is not; it must
 * also have no other children. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t timeval_ns(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: launch FD COMMAND [ARGUMENT...]\n");
        return 2;
    }
    int fd = (int)strtol(argv[1], NULL, 10), status;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        perror("launch");
        return 2;
    }
    int64_t begin = now_ns();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    struct rusage use;
    if (child < 0 || waitpid(child, &status, 0) != child || getrusage(RUSAGE_CHILDREN, &use) != 0) {
        perror("launch");
        return 2;
    }
    int64_t end = now_ns();
#ifdef __APPLE__
    int64_t peak = use.ru_maxrss;
#else
    int64_t peak = (int64_t)use.ru_maxrss * 1024;
#endif
    dprintf(fd, "%lld %lld %lld %d\n", (long long)(end - begin),
            (long long)(timeval_ns(use.ru_utime) + timeval_ns(use.ru_stime)), (long long)peak,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
