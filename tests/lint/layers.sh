#!/bin/sh
# Includes between the layers of the library go only where docs/layers.txt lets them, and
# it lets them nowhere else.
# A layer's file is included by its full name ("gen/tables.h") or, from a file of the
# same layer, by its plain one.
cd "${top_srcdir:-.}" || exit 99
find libtracereader -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort | xargs awk '
    FILENAME == "docs/layers.txt" {
        if ($0 !~ /^#/ && NF) {
            layer = $1
            sub(/:$/, "", layer)
            known[layer] = 1
            allowed[layer, layer] = used[layer, layer] = 1
            for (i = 2; i <= NF; i++)
                allowed[layer, $i] = 1
        }
        next
    }
    FNR == 1 {
        split(FILENAME, part, "/")
        layer = part[2] == "include" ? "public" : part[2]
        allowed["public", "public"] = used["public", "public"] = 1
        known["public"] = 1
        if (!(layer in known)) {
            print FILENAME ": the layer \"" layer "\" is not in docs/layers.txt"
            bad = 1
        }
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
        split($0, quoted, "\"")
        target = quoted[2]
        if (target ~ /^\.\.?\//) {
            print FILENAME ":" FNR ": relative include of " target
            bad = 1
            next
        }
        to = layer
        if (target ~ /^tracereader(\.h$|\/)/)
            to = "public"
        else if (target ~ /\//) {
            to = target
            sub(/\/.*/, "", to)
        }
        edges++
        used[layer, to] = 1
        if (!((layer, to) in allowed)) {
            print FILENAME ":" FNR ": " layer " may not include " target
            bad = 1
        }
    }
    /^[ \t]*#[ \t]*include[ \t]*<tracereader/ { print FILENAME ":" FNR ": use quotes"; bad = 1 }
    END {
        if (!edges) {
            print "no include was found: does this lint look in the right place?"
            bad = 1
        }
        for (edge in allowed)
            if (!(edge in used)) {
                split(edge, ends, SUBSEP)
                print "docs/layers.txt lets " ends[1] " include " ends[2] ", which nothing there does"
                bad = 1
            }
        print edges " includes looked at"
        exit bad
    }' docs/layers.txt
