// The floor that the agent's echo is measured against: the same answer from nats.go, Go's own NATS client.
// Usage: responder URL SUBJECT; prints READY when it is subscribed, and runs until it is killed.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

func micros() string { return strconv.FormatInt(time.Now().UnixMicro(), 10) }

func answer(request *nats.Msg) {
	reply := nats.NewMsg(request.Reply)
	reply.Header.Set("X-Server-Received-At", micros())
	for key, values := range request.Header {
		reply.Header[key] = values
	}
	reply.Data = request.Data
	reply.Header.Set("X-Server-Sent-At", micros())
	if err := request.RespondMsg(reply); err != nil {
		log.Print(err)
	}
}

func main() {
	nc, err := nats.Connect(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Subscribe(os.Args[2], answer); err != nil {
		log.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("READY")
	select {}
}
