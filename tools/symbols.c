/* Executables are ELF files with DWARF, read by libdw of elfutils; where that is not there
 * when this is built, none can be opened.
 *
 * Invariant: an executable is where it was linked to be, as Go linked those of Go 1.5 and
 * 1.6, so that addresses in it are those of the trace. */
#include "symbols.h"

#include <stdio.h>

#ifdef TR_LIBDW

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwfl.h>

/* Addresses of a compile unit, as DWARF has them. */
struct range {
    Dwarf_Addr begin, end;
    Dwarf_Die *unit;
};

struct symbols {
    Dwfl_Callbacks callbacks;
    Dwfl *dwfl;
    Dwarf_Addr bias;      /* what is to be added to DWARF's addresses */
    struct range *ranges; /* by address */
    size_t range_count, range_cap;
};

/* A file is all that is looked at: nothing else is searched for, least of all on a network. */
static int no_debug_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                         const char *file, const char *link, GElf_Word crc, char **found)
{
    (void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc;
    (void)found;
    return -1;
}

static int compare_ranges(const void *a, const void *b)
{
    Dwarf_Addr x = ((const struct range *)a)->begin, y = ((const struct range *)b)->begin;
    return (x > y) - (x < y);
}

static bool add_range(struct symbols *s, struct range range)
{
    if (s->range_count == s->range_cap) {
        size_t cap = s->range_cap ? 2 * s->range_cap : 64;
        struct range *ranges = realloc(s->ranges, cap * sizeof *ranges);
        if (!ranges)
            return false;
        s->ranges = ranges;
        s->range_cap = cap;
    }
    s->ranges[s->range_count++] = range;
    return true;
}

/* Take up where all units are: not every linker of Go makes an index of them. False if there is
 * no memory. */
static bool find_ranges(struct symbols *s, Dwfl_Module *module)
{
    struct range range = {0};
    Dwarf_Addr base;
    while ((range.unit = dwfl_module_nextcu(module, range.unit, &s->bias)))
        for (ptrdiff_t at = 0;
             (at = dwarf_ranges(range.unit, at, &base, &range.begin, &range.end)) > 0;)
            if (!add_range(s, range))
                return false;
    if (s->range_count)
        qsort(s->ranges, s->range_count, sizeof *s->ranges, compare_ranges);
    return true;
}

struct symbols *symbols_open(const char *path, char *why, size_t why_size)
{
    struct symbols *s = calloc(1, sizeof *s);
    struct stat st = {0};
    /* To open a pipe would wait for who writes it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool opened = s && fd >= 0 && fstat(fd, &st) == 0;
    if (!opened || !S_ISREG(st.st_mode)) {
        snprintf(why, why_size, "%s", opened ? "it is not a regular file" : strerror(errno));
        if (fd >= 0)
            close(fd);
        free(s);
        return NULL;
    }
    s->callbacks.find_debuginfo = no_debug_file;
    s->callbacks.section_address = dwfl_offline_section_address;
    s->dwfl = dwfl_begin(&s->callbacks);
    Dwfl_Module *module = s->dwfl ? dwfl_report_elf(s->dwfl, path, path, fd, 0, true) : NULL;
    if (!module) { /* else the descriptor is the module's */
        close(fd);
        snprintf(why, why_size, "%s", dwfl_errmsg(-1));
        symbols_close(s);
        return NULL;
    }
    dwfl_report_end(s->dwfl, NULL, NULL);
    /* The first symbol is none. What Go writes for its own use is not read. */
    Dwarf_Addr bias;
    if (dwfl_module_getsymtab(module) <= 1 && !dwfl_module_getdwarf(module, &bias)) {
        snprintf(why, why_size, "it has no symbols, nor what debuggers read: it was stripped");
        symbols_close(s);
        return NULL;
    }
    if (!find_ranges(s, module)) {
        snprintf(why, why_size, "%s", strerror(ENOMEM));
        symbols_close(s);
        return NULL;
    }
    return s;
}

void symbols_close(struct symbols *s)
{
    if (!s)
        return;
    dwfl_end(s->dwfl);
    free(s->ranges);
    free(s);
}

static tr_str text(const char *s)
{
    return s ? (tr_str){s, strlen(s)} : (tr_str){"", 0};
}

/* Whether there is code at an address: the names of data are no functions'. */
static bool is_code(Dwfl_Module *module, Dwarf_Addr address)
{
    GElf_Shdr header;
    Dwarf_Addr bias;
    Elf_Scn *section = dwfl_module_address_section(module, &address, &bias);
    return section && gelf_getshdr(section, &header) && (header.sh_flags & SHF_EXECINSTR);
}

/* The line of source that an address belongs to: that of the last unit that begins before it. */
static Dwarf_Line *find_line(const struct symbols *s, Dwarf_Addr address)
{
    size_t from = 0, to = s->range_count;
    address -= s->bias;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->ranges[middle].begin <= address)
            from = middle + 1;
        else
            to = middle;
    }
    const struct range *range = from ? &s->ranges[from - 1] : NULL;
    return range && address < range->end ? dwarf_getsrc_die(range->unit, address) : NULL;
}

/* The file of a line. DWARF has the compiler's folder before names that are no files', such as
 * <autogenerated>. */
static tr_str file_of(Dwarf_Line *line)
{
    const char *path = dwarf_linesrc(line, NULL, NULL);
    const char *slash = path ? strrchr(path, '/') : NULL;
    return text(slash && slash[1] == '<' ? slash + 1 : path);
}

int symbols_find(void *user, uint64_t address, tr_symbol *out)
{
    struct symbols *s = user;
    Dwfl_Module *module = dwfl_addrmodule(s->dwfl, address);
    if (!module || !is_code(module, address))
        return 0;
    Dwarf_Line *line = find_line(s, address);
    int number;
    out->function = text(dwfl_module_addrname(module, address));
    if (line)
        out->file = file_of(line);
    if (line && dwarf_lineno(line, &number) == 0 && number > 0)
        out->line = (uint64_t)number;
    return out->function.len > 0 || out->file.len > 0;
}

#else

struct symbols *symbols_open(const char *path, char *why, size_t why_size)
{
    (void)path;
    snprintf(why, why_size, "built without libdw of elfutils, which reads executables");
    return NULL;
}

void symbols_close(struct symbols *s)
{
    (void)s;
}

int symbols_find(void *user, uint64_t address, tr_symbol *out)
{
    (void)user, (void)address, (void)out;
    return 0;
}

#endif
