// Network talks over TCP, UDP and a unix socket, and through pipes, with
// deadlines that pass and connections that are closed under a reader.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"runtime/trace"
	"sync"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "network")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	talk("tcp", "127.0.0.1:0", 4, 10)
	talk("unix", filepath.Join(dir, "s"), 2, 5)
	datagrams(8)
	deadlines()
	pipes()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func talk(network, address string, clients, lines int) {
	ln, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				s := bufio.NewScanner(c)
				for s.Scan() {
					fmt.Fprintf(c, "you said %q\n", s.Text())
				}
			}()
		}
	}()
	var wg sync.WaitGroup
	for i := 0; i < clients; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			c, err := net.Dial(network, ln.Addr().String())
			if err != nil {
				log.Print(err)
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			for j := 0; j < lines; j++ {
				fmt.Fprintf(c, "line %d of client %d\n", j, i)
				if _, err := r.ReadString('\n'); err != nil {
					log.Print(err)
					return
				}
			}
		}(i)
	}
	wg.Wait()
	ln.Close()
}

func datagrams(n int) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer pc.Close()
	go func() {
		c, err := net.Dial("udp", pc.LocalAddr().String())
		if err != nil {
			log.Print(err)
			return
		}
		defer c.Close()
		for i := 0; i < n; i++ {
			time.Sleep(200 * time.Microsecond)
			fmt.Fprintf(c, "%d", i)
		}
	}()
	buf := make([]byte, 64)
	pc.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	for i := 0; i < n; i++ {
		if _, _, err := pc.ReadFrom(buf); err != nil {
			return
		}
	}
}

func deadlines() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
	c.Read(make([]byte, 1))
	c.SetReadDeadline(time.Time{})
	time.AfterFunc(time.Millisecond, func() { c.Close() })
	c.Read(make([]byte, 1))
}

func pipes() {
	r, w, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for i := 0; i < 5; i++ {
			time.Sleep(100 * time.Microsecond)
			fmt.Fprintln(w, i)
		}
		w.Close()
	}()
	io.Copy(io.Discard, r)
	r.Close()
}
