//record:cgo

// Cgo lets threads that C made call into Go: goroutines that appear in a system
// call and disappear in one, threads whose numbers are used again.
package main

/*
#include <pthread.h>
#include <unistd.h>

extern void goWork(int);
extern void goNested(int);

static void *thread(void *arg) {
	int n = (int)(long)arg;
	for (int i = 0; i < n; i++) {
		goWork(i);
		usleep(200);
	}
	return 0;
}

static void callFromThreads(int threads, int calls) {
	pthread_t t[16];
	for (int i = 0; i < threads; i++)
		pthread_create(&t[i], 0, thread, (void *)(long)calls);
	for (int i = 0; i < threads; i++)
		pthread_join(t[i], 0);
}

static void down(int n) { goNested(n); }
static void rest(int usec) { usleep(usec); }
*/
import "C"

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var lock sync.Mutex
var sum int

//export goWork
func goWork(i C.int) {
	lock.Lock()
	sum += int(i)
	lock.Unlock()
	if i%3 == 0 {
		runtime.Gosched()
	}
	if i%4 == 0 {
		time.Sleep(100 * time.Microsecond)
	}
	C.down(2)
}

//export goNested
func goNested(n C.int) {
	if n > 0 {
		C.down(n - 1)
	}
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			C.callFromThreads(3, 5)
			C.rest(1000)
		}()
	}
	wg.Wait()
	runtime.GC() // takes the Ps back
	C.callFromThreads(2, 2)
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
