// Text2trace writes the binary form of a trace in Go's text form, with Go's own
// reader and writer of both:
//
//	text2trace IN.txt OUT.trace
//
// These are internal packages, so this file is compiled as if it stood inside
// Go's tree (go build -overlay; see oracle.py).
package main

import (
	"bufio"
	"fmt"
	"internal/trace/raw"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: text2trace IN.txt OUT.trace")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func convert(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	r, err := raw.NewTextReader(in)
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	b := bufio.NewWriter(out)
	w, err := raw.NewWriter(b, r.Version())
	if err != nil {
		return err
	}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := w.WriteEvent(ev); err != nil {
			return err
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return out.Close()
}
