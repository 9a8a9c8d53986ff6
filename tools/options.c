/* Parses the options of a subcommand, and prints its help.
 *
 * Invariant: the list of long options, the help and the shell completions (in
 * completions/) name the same options. */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "message.h"
#include "output.h"

enum {
    OPTION_JSON = 256,
    OPTION_BY,
    OPTION_BINARY,
    OPTION_SALVAGE,
    OPTION_THREADS,
    OPTION_LIMIT_MEMORY,
    OPTION_PROGRESS
};

static const struct option long_options[] = {
    {"by", required_argument, NULL, OPTION_BY},
    {"binary", required_argument, NULL, OPTION_BINARY},
    {"json", no_argument, NULL, OPTION_JSON},
    {"salvage", no_argument, NULL, OPTION_SALVAGE},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"limit-memory", required_argument, NULL, OPTION_LIMIT_MEMORY},
    {"progress", no_argument, NULL, OPTION_PROGRESS},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int tool_options_help(const struct tool_command *c)
{
    struct tool_output out;
    tool_output_init(&out);
    tool_output_printf(&out, "Usage: tracereader %s %s\n\n%s\nOptions:\n", c->name, c->synopsis,
                       c->help);
    if (c->takes & TOOL_TAKES_BY)
        tool_output_str(&out, "  --by=KEY              group by reason (the default), function,\n"
                              "                        goroutine, stack or task\n");
    if (c->takes & TOOL_TAKES_JSON)
        tool_output_printf(&out, "  --json                print one JSON object %s\n",
                           c->takes & TOOL_TAKES_FILES ? "a line for each FILE"
                                                       : "instead of text");
    if (c->takes & TOOL_TAKES_BINARY)
        tool_output_str(
            &out, "  --binary=FILE         name functions by this executable, the program that\n"
                  "                        was traced: for Go 1.5 and 1.6, whose traces hold\n"
                  "                        addresses only\n");
    if (c->takes & TOOL_TAKES_SALVAGE)
        tool_output_str(
            &out, "  --salvage             read what is left of a trace that is cut or damaged\n");
    if (c->takes & TOOL_TAKES_THREADS)
        tool_output_str(
            &out, "  --threads=N           let N threads work on the trace, by default 2 if there\n"
                  "                        are as many cores; what is printed is the same\n"
                  "                        with any number\n");
    tool_output_str(
        &out, "  --limit-memory=BYTES  stop with an error rather than hold more memory;\n"
              "                        BYTES may end in K, M, G or T, or KiB and so on\n"
              "  --progress            show on standard error how far reading has come; on a\n"
              "                        terminal it is shown anyway if reading takes long\n"
              "  -h, --help            print this\n"
              "\n"
              "FILE is a trace of any Go that this version reads, also compressed (see\n"
              "\"tracereader --version\"); without it, or if it is \"-\", standard input is\n"
              "read, which may be a pipe.\n"
              "\n"
              "Exit code: 0 if all went well; 1 if the trace is broken, after printing what\n"
              "could be read; 2 for wrong usage, or if a file cannot be opened, read or\n"
              "written. A reader closing the pipe is not a failure.\n");
    tool_output_printf(&out, "\nExamples:\n%s", c->examples);
    return tool_output_end(&out, TOOL_FINE);
}

enum { NO_NUMBER = -1, TOO_LARGE = -2 };

/* Parse a number, with a suffix if `suffixes` says so. Return 0, or one of these. */
static int parse_u64(const char *text, int suffixes, uint64_t *out)
{
    static const char letters[] = "KMGT";
    uint64_t n = 0;
    const char *p = text;
    int status = 0;

    if (*p < '0' || *p > '9')
        return NO_NUMBER;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (n > (UINT64_MAX - digit) / 10)
            status = TOO_LARGE;
        n = n * 10 + digit;
    }
    if (suffixes && *p) {
        const char *letter = strchr(letters, toupper((unsigned char)*p));
        unsigned shift;
        if (!letter)
            return NO_NUMBER;
        shift = 10 * ((unsigned)(letter - letters) + 1);
        if (n > UINT64_MAX >> shift)
            status = TOO_LARGE;
        n <<= shift;
        p++;
        if (strcasecmp(p, "iB") == 0)
            p += 2;
    }
    *out = n;
    return *p ? NO_NUMBER : status;
}

static const char *const by_names[] = {
    [TR_BLOCKING_BY_REASON] = "reason",       [TR_BLOCKING_BY_FUNCTION] = "function",
    [TR_BLOCKING_BY_GOROUTINE] = "goroutine", [TR_BLOCKING_BY_STACK] = "stack",
    [TR_BLOCKING_BY_TASK] = "task",
};

const char *tool_by_name(tr_blocking_by by)
{
    return by_names[by];
}

static int parse_by(const char *text, tr_blocking_by *out)
{
    for (size_t i = 0; i < sizeof by_names / sizeof *by_names; i++)
        if (strcmp(text, by_names[i]) == 0) {
            *out = (tr_blocking_by)i;
            return 0;
        }
    return -1;
}

/* Take one option. Return 0, or -1 after a complaint. */
static int take(const struct tool_command *c, int option, const char *value,
                struct tool_options *options)
{
    static const struct {
        int option, takes;
        const char *name;
    } not_of_all[] = {
        {OPTION_JSON, TOOL_TAKES_JSON, "json"},
        {OPTION_BY, TOOL_TAKES_BY, "by"},
        {OPTION_BINARY, TOOL_TAKES_BINARY, "binary"},
        {OPTION_SALVAGE, TOOL_TAKES_SALVAGE, "salvage"},
    };
    for (size_t i = 0; i < sizeof not_of_all / sizeof *not_of_all; i++)
        if (option == not_of_all[i].option && !(c->takes & not_of_all[i].takes)) {
            tool_complain("%s has no option --%s", c->name, not_of_all[i].name);
            return -1;
        }
    switch (option) {
    case OPTION_JSON:
        options->json = 1;
        return 0;
    case OPTION_BY:
        if (parse_by(value, &options->by) != 0) {
            tool_complain("--by must be reason, function, goroutine, stack or task, not \"%s\"",
                          value);
            return -1;
        }
        return 0;
    case OPTION_BINARY:
        options->binary = value;
        return 0;
    case OPTION_SALVAGE:
        options->salvage = 1;
        return 0;
    case OPTION_THREADS:
        if (parse_u64(value, 0, &options->threads) != 0 || options->threads == 0) {
            tool_complain("--threads must be a number from 1, not \"%s\"", value);
            return -1;
        }
        return 0;
    case OPTION_LIMIT_MEMORY:
        switch (parse_u64(value, 1, &options->memory_bytes)) {
        case 0:
            return 0;
        case TOO_LARGE:
            tool_complain("--limit-memory=%s is too large: the most is %" PRIu64, value,
                          UINT64_MAX);
            return -1;
        default:
            tool_complain("--limit-memory must be a number of bytes, such as 512M, not \"%s\"",
                          value);
            return -1;
        }
    case OPTION_PROGRESS:
        options->progress = 1;
        return 0;
    default:
        return -1;
    }
}

/* Whether an option, as it was given, is the beginning of one of ours. */
static int is_begun(const char *given)
{
    size_t len = strcspn(given, "=");
    for (const struct option *o = long_options; o->name; o++)
        if (len > 2 && strncmp(given + 2, o->name, len - 2) == 0)
            return 1;
    return 0;
}

/* Tell what getopt_long makes of an option that it does not take; its own words would hold
 * the option as it was given. */
static void refuse(int option, const char *given)
{
    if (option == ':')
        tool_complain("option '%s' requires an argument", given);
    else if (optopt >= OPTION_JSON || optopt == 'h')
        tool_complain("option '%s' doesn't allow an argument", given);
    else if (optopt != 0)
        tool_complain("invalid option '-%c'", optopt);
    else if (is_begun(given))
        tool_complain("option '%s' could be several", given);
    else
        tool_complain("unrecognized option '%s'", given);
}

int tool_options_parse(const struct tool_command *command, int argc, char **argv,
                       struct tool_options *options, int *code)
{
    int option;

    memset(options, 0, sizeof *options);
    options->by = TR_BLOCKING_BY_REASON;
    *code = TOOL_FAILED;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'h') {
            *code = tool_options_help(command);
            return 0;
        }
        if (option == '?' || option == ':')
            refuse(option, argv[optind - 1]);
        if (take(command, option, optarg, options) != 0) {
            tool_complain("see \"tracereader %s --help\"", command->name);
            return 0;
        }
    }
    if (argc - optind > 1 && !(command->takes & TOOL_TAKES_FILES)) {
        tool_complain("%s takes one FILE, \"%s\" is one too many", command->name, argv[optind + 1]);
        tool_complain("see \"tracereader %s --help\"", command->name);
        return 0;
    }
    options->file = argv[optind];
    options->files = argv + optind;
    options->file_count = argc - optind;
    return 1;
}
