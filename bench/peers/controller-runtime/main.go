// Command controller-runtime-peer does the same job as this project's operator, as a Go engineer would write it with controller-runtime: a typed
// cache, one GET per reconcile, one PUT and one status patch per change, a resync for drift. The bench measures it beside ours; it is not meant for
// production (no logins, no Secrets of others, no rate limit).
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

func main() {
	workers := flag.Int("workers", 10, "objects reconciled concurrently")
	resync := flag.Duration("resync", time.Hour, "how often every object is reconciled")
	metrics := flag.String("metrics-bind-address", ":8080", "where /metrics is served")
	probes := flag.String("health-probe-bind-address", ":8081", "where /readyz is served")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(*workers, *resync, *metrics, *probes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(workers int, resync time.Duration, metrics, probes string) error {
	scheme := runtime.NewScheme()
	addToScheme(scheme)
	cluster, err := config.GetConfig()
	if err != nil {
		return err
	}
	// The default, 20 requests a second, would be all that is measured.
	cluster.QPS = -1
	manager, err := ctrl.NewManager(cluster, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       server.Options{BindAddress: metrics},
		HealthProbeBindAddress:        probes,
		LeaderElection:                true,
		LeaderElectionID:              "controller-runtime-peer",
		LeaderElectionNamespace:       "default",
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	if err := manager.AddReadyzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	reconciler := &reconciler{
		Client:  manager.GetClient(),
		acronis: newAcronis(os.Getenv("ACRONIS_URL"), os.Getenv("ACRONIS_CLIENT_ID"), os.Getenv("ACRONIS_CLIENT_SECRET"), workers),
		resync:  resync,
	}
	changed := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	err = ctrl.NewControllerManagedBy(manager).
		For(&TenantUserUpsell{}, builder.WithPredicates(changed)).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(reconciler)
	if err != nil {
		return err
	}
	return manager.Start(ctrl.SetupSignalHandler())
}
