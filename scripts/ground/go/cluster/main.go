// One program that is, by its first argument, each of the four that make a Kubernetes without machines: etcd, the API
// server, the controllers and the scheduler. One program, because they share most of what has to be compiled.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var programs = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": manager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	os.Args = os.Args[1:]
	if len(os.Args) > 0 && os.Args[0] == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	if len(os.Args) > 0 {
		if program, known := programs[os.Args[0]]; known {
			os.Exit(cli.Run(program()))
		}
	}
	fmt.Fprintln(os.Stderr, "say what to be: etcd, kube-apiserver, kube-controller-manager or kube-scheduler")
	os.Exit(2)
}
