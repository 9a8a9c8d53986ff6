// Syscalls makes system calls, most of them short, some that take so long that
// the proc is taken away. The second argument is the number of calls.
package main

import (
	"log"
	"os"
	"runtime/trace"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const callers = 12

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	calls, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	zero, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < callers; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			call(zero, calls/callers)
		}()
	}
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func call(zero, calls int) {
	buf := make([]byte, 64)
	for i := 0; i < calls; i++ {
		switch {
		case i%500 == 0:
			ts := syscall.NsecToTimespec(int64(50 * time.Microsecond))
			syscall.Nanosleep(&ts, nil)
		case i%50 == 0:
			os.Stat("/dev/null")
		default:
			syscall.Read(zero, buf)
		}
	}
}
