// Annotations makes tasks, regions and logs: nested, shared by goroutines, with
// awkward texts, begun before the trace, left open at its end.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}

	background := context.Background()
	before, beforeTask := trace.NewTask(background, "begun before the trace")
	early := trace.StartRegion(background, "region begun before the trace")

	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}

	early.End()
	_, child := trace.NewTask(before, "child of a task the trace does not know")
	child.End()
	beforeTask.End()

	order(background, 3)
	order(background, 5)
	texts(background)
	nested(background, 12)

	// These three are still open when the trace ends.
	open, openTask := trace.NewTask(background, "never ended in the trace")
	openRegion := trace.StartRegion(open, "never left in the trace")
	trace.Log(open, "last", "words")

	trace.Stop()
	openRegion.End()
	openTask.End()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

// order hands the parts of one task to goroutines of their own.
func order(ctx context.Context, parts int) {
	ctx, task := trace.NewTask(ctx, "order")
	defer task.End()
	trace.Logf(ctx, "parts", "%d", parts)

	var wg sync.WaitGroup
	for i := 0; i < parts; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			trace.WithRegion(ctx, "pick", func() {
				time.Sleep(time.Duration(i) * 100 * time.Microsecond)
			})
			trace.WithRegion(ctx, "pack", func() {
				trace.Log(ctx, "part", strings.Repeat("#", i+1))
			})
		}(i)
	}
	trace.WithRegion(ctx, "wait for the parts", wg.Wait)
}

// texts logs what is hard to print: nothing, quotes, control characters, other
// alphabets, invalid UTF-8, more bytes than a trace keeps.
func texts(ctx context.Context) {
	awkward := []string{
		"",
		" ",
		`"quoted" and back\slashed`,
		"tab\tline\nreturn\rbell\anul\x00delete\x7f",
		"grüße, 世界, שלום, \u0301combining",
		"emoji \U0001f600, private \ue000, high \U0010ffff, replacement \ufffd",
		"no-break\u00a0space, zero\u200bwidth, line\u2028separator, bom\ufeff, soft\u00adhyphen",
		"broken \xff\xfe\xc3( \xed\xa0\x80 utf-8 \xf0\x9f\x98",
		strings.Repeat("0123456789abcdef", 64),       // 1024 bytes: just kept
		strings.Repeat("0123456789abcdef", 64) + "!", // one more: cut
		strings.Repeat("é", 600),                     // the cut falls inside a letter's neighbours
	}
	for _, text := range awkward {
		trace.Log(ctx, text, text)
		_, task := trace.NewTask(ctx, text)
		trace.WithRegion(ctx, text, func() {})
		task.End()
	}
}

// nested goes down a chain of tasks and regions and comes back up.
func nested(ctx context.Context, depth int) {
	if depth == 0 {
		return
	}
	ctx, task := trace.NewTask(ctx, "nested")
	defer task.End()
	defer trace.StartRegion(ctx, "level").End()
	nested(ctx, depth-1)
}
