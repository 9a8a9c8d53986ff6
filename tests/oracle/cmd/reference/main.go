// Reference reads a Go execution trace with golang.org/x/exp/trace, the reader
// that libtracereader is measured against, and prints what that reader says.
//
//	reference events    FILE|-   Event.String() and a line feed, for each event
//	reference accessors FILE|-   one line an event with every accessor's value
//	reference count     FILE|-   the number of events, nothing else
//	reference ratio [-text] FILE|-
//	                             "BLOCKED NETWORK": how many times a goroutine
//	                             went from an executing state to Waiting, and
//	                             how many of these were to wait for the network;
//	                             with -text, the share as a sentence instead
//
// Exit codes: 0 the trace was read to its end; 1 it could not be ("error: ..."
// on standard error, after everything read up to there has been printed; for
// count and ratio the numbers up to there); 2 usage, or the file cannot be
// opened; 3 the reference itself panicked ("panic: ..." likewise).
//
// # The form of "accessors"
//
// One line an event, fields separated by one tab, each KEY=VALUE, always in the
// order given here. Numbers are decimal, ids of threads, procs and goroutines
// are signed (-1 is "none"), ids of tasks are unsigned (18446744073709551615 is
// "no task"). A string stands in double quotes, escaped as Go's %q does. Every
// event has
//
//	kind=KIND time=N thread=N proc=N goroutine=N stack=STACK
//
// where STACK is "-" if there is no stack, else "[" FRAMES "]", frames divided
// by one space (so "[]" is a stack that is there and empty), each
// 0xPC:"function":"file":LINE, innermost first. Then follows, by kind,
//
//	Sync            n=N clock=CLOCK batches=[BATCHES]
//	Metric          name=STRING value=VALUE
//	Label           label=STRING resource=RESOURCE id=N
//	StackSample     (nothing)
//	RangeBegin      name=STRING scope=RESOURCE scope_id=ID
//	RangeActive     the same
//	RangeEnd        the same, then attrs=[ATTRS]
//	TaskBegin       id=N parent=N type=STRING
//	TaskEnd         the same
//	RegionBegin     task=N type=STRING
//	RegionEnd       the same
//	Log             task=N category=STRING message=STRING
//	StateTransition resource=RESOURCE id=N from=STATE to=STATE reason=STRING
//	                transition_stack=STACK
//	Experimental    name=STRING experiment=STRING args=[ATTRS]
//
// RESOURCE is None, Goroutine, Proc or Thread. ID is "-" where the scope is
// None, else a number. VALUE is uint64:N or string:STRING. ATTRS are
// STRING=VALUE, divided by one space. CLOCK is "-" or
// TRACE:MONO:WALL_SECONDS:WALL_NANOSECONDS, all decimal. BATCHES are
// EXPERIMENT:THREAD:LENGTH:SHA256, divided by one space, ordered by the name of
// the experiment and inside one experiment as the reference has them; SHA256 is
// that of the batch's data, in lower-case hexadecimal.
package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/exp/trace"
)

const usage = "usage: reference events|accessors|count|ratio [-text] FILE|-"

func main() {
	os.Exit(run(os.Args[1:]))
}

// A command sees every event, and at the end, sound or not, is asked to finish.
type command struct {
	event  func(trace.Event)
	finish func()
}

func run(args []string) (code int) {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}
	name := args[0]
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	text := flags.Bool("text", false, "print the ratio as a sentence")
	if flags.Parse(args[1:]) != nil || flags.NArg() != 1 {
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}

	in := os.Stdin
	if path := flags.Arg(0); path != "-" {
		f, err := os.Open(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		defer f.Close()
		in = f
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)

	var cmd command
	switch name {
	case "events":
		cmd = events(out)
	case "accessors":
		cmd = accessors(out)
	case "count":
		cmd = count(out)
	case "ratio":
		cmd = ratio(out, *text)
	default:
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}

	err := read(bufio.NewReaderSize(in, 1<<20), cmd.event)
	if cmd.finish != nil {
		cmd.finish()
	}
	if out.Flush() != nil {
		return 2
	}
	var p panicked
	switch {
	case err == nil:
		return 0
	case errors.As(err, &p):
		fmt.Fprintf(os.Stderr, "panic: %v\n", p.value)
		return 3
	default:
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
}

type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprint(p.value) }

func read(in io.Reader, event func(trace.Event)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked{v}
		}
	}()
	r, err := trace.NewReader(in)
	if err != nil {
		return err
	}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		event(ev)
	}
}

func events(out *bufio.Writer) command {
	return command{event: func(ev trace.Event) {
		s := ev.String() // whole before any of it is written: it may panic
		out.WriteString(s)
		out.WriteByte('\n')
	}}
}

func count(out *bufio.Writer) command {
	n := 0
	return command{
		event:  func(trace.Event) { n++ },
		finish: func() { fmt.Fprintln(out, n) },
	}
}

func ratio(out *bufio.Writer, text bool) command {
	blocked, network := 0, 0
	return command{
		event: func(ev trace.Event) {
			if ev.Kind() != trace.EventStateTransition {
				return
			}
			st := ev.StateTransition()
			if st.Resource.Kind != trace.ResourceGoroutine {
				return
			}
			from, to := st.Goroutine()
			if !from.Executing() || to != trace.GoWaiting {
				return
			}
			blocked++
			if strings.Contains(st.Reason, "network") {
				network++
			}
		},
		finish: func() {
			if !text {
				fmt.Fprintln(out, blocked, network)
				return
			}
			share := 100 * float64(network) / float64(blocked)
			fmt.Fprintf(out, "%2.3f%% instances of goroutines blocking were to block on the network\n", share)
		},
	}
}

func accessors(out *bufio.Writer) command {
	var b []byte
	return command{event: func(ev trace.Event) {
		b = appendEvent(b[:0], ev)
		b = append(b, '\n')
		out.Write(b)
	}}
}

func appendEvent(b []byte, ev trace.Event) []byte {
	kind := ev.Kind()
	b = fmt.Appendf(b, "kind=%s\ttime=%d\tthread=%d\tproc=%d\tgoroutine=%d\tstack=",
		kind, ev.Time(), ev.Thread(), ev.Proc(), ev.Goroutine())
	b = appendStack(b, ev.Stack())
	switch kind {
	case trace.EventSync:
		s := ev.Sync()
		b = fmt.Appendf(b, "\tn=%d\tclock=", s.N)
		if c := s.ClockSnapshot; c == nil {
			b = append(b, '-')
		} else {
			b = fmt.Appendf(b, "%d:%d:%d:%d", c.Trace, c.Mono, c.Wall.Unix(), c.Wall.Nanosecond())
		}
		b = append(b, "\tbatches=["...)
		b = appendBatches(b, s.ExperimentalBatches)
		b = append(b, ']')
	case trace.EventMetric:
		m := ev.Metric()
		b = fmt.Appendf(b, "\tname=%q\tvalue=", m.Name)
		b = appendValue(b, m.Value)
	case trace.EventLabel:
		l := ev.Label()
		b = fmt.Appendf(b, "\tlabel=%q\tresource=%s\tid=%s", l.Label, l.Resource.Kind, resourceID(l.Resource))
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		r := ev.Range()
		b = fmt.Appendf(b, "\tname=%q\tscope=%s\tscope_id=%s", r.Name, r.Scope.Kind, resourceID(r.Scope))
		if kind == trace.EventRangeEnd {
			b = append(b, "\tattrs=["...)
			for i, a := range ev.RangeAttributes() {
				b = appendAttr(b, i, a.Name, a.Value)
			}
			b = append(b, ']')
		}
	case trace.EventTaskBegin, trace.EventTaskEnd:
		t := ev.Task()
		b = fmt.Appendf(b, "\tid=%d\tparent=%d\ttype=%q", uint64(t.ID), uint64(t.Parent), t.Type)
	case trace.EventRegionBegin, trace.EventRegionEnd:
		r := ev.Region()
		b = fmt.Appendf(b, "\ttask=%d\ttype=%q", uint64(r.Task), r.Type)
	case trace.EventLog:
		l := ev.Log()
		b = fmt.Appendf(b, "\ttask=%d\tcategory=%q\tmessage=%q", uint64(l.Task), l.Category, l.Message)
	case trace.EventStateTransition:
		st := ev.StateTransition()
		var from, to fmt.Stringer
		switch st.Resource.Kind {
		case trace.ResourceGoroutine:
			f, t := st.Goroutine()
			from, to = f, t
		case trace.ResourceProc:
			f, t := st.Proc()
			from, to = f, t
		default:
			panic("transition of a resource that has no states: " + st.Resource.String())
		}
		b = fmt.Appendf(b, "\tresource=%s\tid=%s\tfrom=%s\tto=%s\treason=%q\ttransition_stack=",
			st.Resource.Kind, resourceID(st.Resource), from, to, st.Reason)
		b = appendStack(b, st.Stack)
	case trace.EventExperimental:
		x := ev.Experimental()
		b = fmt.Appendf(b, "\tname=%q\texperiment=%q\targs=[", x.Name, x.Experiment)
		for i, name := range x.Args {
			b = appendAttr(b, i, name, x.ArgValue(i))
		}
		b = append(b, ']')
	}
	return b
}

func appendStack(b []byte, s trace.Stack) []byte {
	if s == trace.NoStack {
		return append(b, '-')
	}
	b = append(b, '[')
	first := true
	for f := range s.Frames() {
		if !first {
			b = append(b, ' ')
		}
		first = false
		b = append(b, "0x"...)
		b = strconv.AppendUint(b, f.PC, 16)
		b = append(b, ':')
		b = strconv.AppendQuote(b, f.Func)
		b = append(b, ':')
		b = strconv.AppendQuote(b, f.File)
		b = append(b, ':')
		b = strconv.AppendUint(b, f.Line, 10)
	}
	return append(b, ']')
}

func appendAttr(b []byte, i int, name string, v trace.Value) []byte {
	if i > 0 {
		b = append(b, ' ')
	}
	b = strconv.AppendQuote(b, name)
	b = append(b, '=')
	return appendValue(b, v)
}

func appendValue(b []byte, v trace.Value) []byte {
	switch v.Kind() {
	case trace.ValueUint64:
		return fmt.Appendf(b, "uint64:%d", v.Uint64())
	case trace.ValueString:
		return fmt.Appendf(b, "string:%q", v.String())
	}
	return append(b, "bad"...)
}

func appendBatches(b []byte, byExperiment map[string][]trace.ExperimentalBatch) []byte {
	var names []string
	for name := range byExperiment {
		names = append(names, name)
	}
	slices.Sort(names)
	first := true
	for _, name := range names {
		for _, batch := range byExperiment[name] {
			if !first {
				b = append(b, ' ')
			}
			first = false
			b = fmt.Appendf(b, "%s:%d:%d:%x", name, batch.Thread, len(batch.Data), sha256.Sum256(batch.Data))
		}
	}
	return b
}

// resourceID gives the number of a resource, which the reference hands out by
// the kind of resource only.
func resourceID(r trace.ResourceID) string {
	switch r.Kind {
	case trace.ResourceGoroutine:
		return strconv.FormatInt(int64(r.Goroutine()), 10)
	case trace.ResourceProc:
		return strconv.FormatInt(int64(r.Proc()), 10)
	case trace.ResourceThread:
		return strconv.FormatInt(int64(r.Thread()), 10)
	}
	return "-"
}
