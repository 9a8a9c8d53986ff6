/* The command `tracereader`: finds the subcommand and runs it.
 *
 * Invariants: the public interface of libtracereader only; what is asked for goes
 * to standard output, everything else to standard error. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "output.h"

static const struct tool_command *const commands[] = {
    &tool_events, &tool_wire, &tool_info, &tool_blocking, &tool_check,
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int print_help(void)
{
    struct tool_output out;
    tool_output_init(&out);
    tool_output_str(&out,
                    "Usage: tracereader SUBCOMMAND [OPTIONS] [FILE|-]\n"
                    "\n"
                    "Reads an execution trace of a Go program: what runtime/trace, \"go test\n"
                    "-trace\", net/http/pprof (/debug/pprof/trace) and the flight recorder write.\n"
                    "\n"
                    "Subcommands:\n");
    for (int i = 0; i < COMMAND_COUNT; i++)
        tool_output_printf(&out, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
    tool_output_str(&out, "\n"
                          "\"tracereader SUBCOMMAND --help\", or \"tracereader help SUBCOMMAND\",\n"
                          "explains each one, with examples.\n"
                          "\n"
                          "Options:\n"
                          "  -h, --help     print this\n"
                          "  -V, --version  print the version\n"
                          "\n"
                          "A first look at a trace:\n"
                          "  go test -trace=my.trace .\n"
                          "  tracereader info my.trace\n"
                          "  tracereader blocking my.trace\n");
    return tool_output_end(&out, TOOL_FINE);
}

static const struct tool_command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

/* help [SUBCOMMAND] */
static int help(int argc, char **argv)
{
    const struct tool_command *command = argc > 1 ? find_command(argv[1]) : NULL;
    bool itself = argc > 1 && strcmp(argv[1], "help") == 0;
    if (argc > 2)
        tool_complain("help takes one SUBCOMMAND, \"%s\" is one too many", argv[2]);
    else if (argc > 1 && !command && !itself)
        tool_complain("unknown subcommand \"%s\"; see \"tracereader --help\"", argv[1]);
    else
        return command ? tool_options_help(command) : print_help();
    return TOOL_FAILED;
}

static int print_version(void)
{
    struct tool_output out;
    tool_output_init(&out);
    tool_output_printf(&out, "tracereader %s\nreads compressed traces of: %s\n", tr_version(),
                       *tr_compressions() ? tr_compressions() : "none");
    return tool_output_end(&out, TOOL_FINE);
}

/* Where a standard stream is closed, have what stays an error to read from or to write to, so
 * that no file that is opened takes its place. */
static void occupy_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    const struct tool_command *command;
    struct tool_options options;
    int code;

    occupy_streams();
    /* A reader that goes away shows as a failed write, and ends us without noise; a file that
     * becomes too large as one that is told. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);

    if (argc < 2) {
        tool_complain("which subcommand? see \"tracereader --help\"");
        return TOOL_FAILED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return print_version();
    if (strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    command = find_command(argv[1]);
    if (command) {
        if (!tool_options_parse(command, argc - 1, argv + 1, &options, &code))
            return code;
        return command->run(&options);
    }
    tool_complain("unknown %s \"%s\"; see \"tracereader --help\"",
                  argv[1][0] == '-' ? "option" : "subcommand", argv[1]);
    return TOOL_FAILED;
}
