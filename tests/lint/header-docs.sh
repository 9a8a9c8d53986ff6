#!/bin/sh
# The comment of every public function says, in this order: what it does, Units,
# Lifetime, Errors, Threads, Since.
cd "${top_srcdir:-.}/libtracereader/include" || exit 99
awk '
    function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }
    /^\/\*\*/ { doc = ""; in_doc = 1 }
    in_doc { doc = doc $0 "\n" }
    in_doc && /\*\// { in_doc = 0; next }
    in_doc { next }
    /^TR_API/ {
        functions++
        name = $0
        sub(/\(.*/, "", name)
        sub(/.*[ *]/, "", name)
        if (doc == "")
            complain(name " has no comment")
        else {
            if (doc !~ /^\/\*\* *[A-Z]/)
                complain(name ": the comment does not begin with what it does")
            n = split("Units Lifetime Errors Threads Since", label, " ")
            last = 0
            for (i = 1; i <= n; i++) {
                at = match(doc, "\n \\* " label[i] ": +[^ \n]")
                if (!at)
                    complain(name ": no line \"" label[i] ":\"")
                else if (at < last)
                    complain(name ": \"" label[i] ":\" stands too early")
                else
                    last = at
            }
        }
    }
    # A comment belongs to what follows it at once.
    /^[^ \t]/ { doc = "" }
    END {
        if (!functions) {
            print "no public function was found: does this lint look in the right place?"
            bad = 1
        }
        print functions " public functions looked at"
        exit bad
    }' tracereader.h tracereader/*.h
