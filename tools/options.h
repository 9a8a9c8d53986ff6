/* The options of subcommands, and the subcommands themselves. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdint.h>
#include <tracereader.h>

struct tool_options {
    const char *file; /* the first, NULL: standard input */
    char **files;     /* all of them, of a subcommand that takes several */
    int file_count;
    const char *binary; /* NULL: not given */
    int json;
    int progress;
    int salvage;
    uint64_t threads;      /* 0: not given */
    uint64_t memory_bytes; /* 0: no limit */
    tr_blocking_by by;
};

/* The options that not every subcommand takes. */
enum {
    TOOL_TAKES_JSON = 1,
    TOOL_TAKES_BY = 2,
    TOOL_TAKES_FILES = 4,
    TOOL_TAKES_SALVAGE = 8,
    TOOL_TAKES_BINARY = 16,
    TOOL_TAKES_THREADS = 32 /* the others work in one, whatever is given */
};

struct tool_command {
    const char *name;
    const char *summary;  /* for the list of subcommands */
    const char *synopsis; /* what follows the name */
    const char *help;     /* what it does, taught; the options follow it */
    const char *examples;
    int takes;
    /* Returns the exit code. */
    int (*run)(const struct tool_options *options);
};

extern const struct tool_command tool_events;
extern const struct tool_command tool_wire;
extern const struct tool_command tool_info;
extern const struct tool_command tool_blocking;
extern const struct tool_command tool_check;

/* Print the help of a subcommand. Return the exit code. */
int tool_options_help(const struct tool_command *command);

/* Parse what follows a subcommand, argv[0] being its name. Return 1 to run it; 0
 * if *code is the exit code already: help was printed, or a complaint. */
int tool_options_parse(const struct tool_command *command, int argc, char **argv,
                       struct tool_options *options, int *code);

/* The name of what blocking is grouped by. */
const char *tool_by_name(tr_blocking_by by);

#endif
