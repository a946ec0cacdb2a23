package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const finalizer = "upsell.acronis.com/revoke"

// How often a PUT with a stale revision is tried again within one reconcile.
const maxAttempts = 3

type reconciler struct {
	client.Client
	acronis *acronis
	// Every object is reconciled again after this time: without a change feed it is the only way to see drift.
	resync time.Duration
}

// result is what a reconcile reports of an object: a reason and a message of the operator that this peer is compared with.
type result struct {
	status          metav1.ConditionStatus
	reason, message string
	stalled         bool
}

var (
	assigned     = result{metav1.ConditionTrue, "BuyerAssigned", "The user has the types and is offered more when a quota runs out.", false}
	suspended    = result{metav1.ConditionUnknown, "Suspended", "spec.suspend is true: nothing is read or written. Set it to false to go on.", false}
	notAssigned  = result{metav1.ConditionFalse, "NotAssigned", "The type is not assigned, and managementPolicy is Observe. Set it to Enforce to have it assigned.", false}
	conflict     = result{metav1.ConditionFalse, "VersionConflict", "The user was changed by another writer between each read and write. It is tried again.", false}
	unavailable  = result{metav1.ConditionFalse, "Unavailable", "Acronis did not answer. It is tried again, later each time.", false}
	notApplied   = result{metav1.ConditionFalse, "NotApplied", "Acronis accepted the write, but its answer does not show it.", false}
	userNotFound = result{metav1.ConditionFalse, "UserNotFound", "No user has the id spec.userID at this data center.", true}
	mismatch     = result{metav1.ConditionFalse, "TenantMismatch", "The user belongs to another tenant than spec.tenantID.", true}
)

func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var object TenantUserUpsell
	if err := r.Get(ctx, req.NamespacedName, &object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !object.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.finalize(ctx, &object)
	}
	if object.Spec.DeletionPolicy == "Revoke" && !controllerutil.ContainsFinalizer(&object, finalizer) {
		before := object.DeepCopy()
		controllerutil.AddFinalizer(&object, finalizer)
		if err := r.Patch(ctx, &object, client.MergeFrom(before)); err != nil {
			return ctrl.Result{}, client.IgnoreNotFound(err)
		}
	}
	found, reported, err := r.assign(ctx, &object)
	before := object.DeepCopy()
	if found != nil {
		object.Status.Offer = r.offer(ctx, found)
		object.Status.ObservedVersion = found.Version
		object.Status.UserID = found.ID
		object.Status.TenantID = found.TenantID
		object.Status.BusinessTypes = found.BusinessTypes
	}
	if reported == assigned {
		object.Status.Assigned = &Assigned{UserID: found.ID, TenantID: found.TenantID}
	}
	object.Status.ObservedGeneration = object.Generation
	setConditions(&object, reported)
	if found != nil {
		setInformed(&object, found)
	}
	if !equality.Semantic.DeepEqual(before.Status, object.Status) {
		if patchError := r.Status().Patch(ctx, &object, client.MergeFrom(before)); patchError != nil {
			return ctrl.Result{}, client.IgnoreNotFound(patchError)
		}
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: r.resync}, nil
}

// assign reads the user and, where a type is missing, writes it with the revision that was read.
func (r *reconciler) assign(ctx context.Context, object *TenantUserUpsell) (*user, result, error) {
	spec := &object.Spec
	if spec.Suspend {
		return nil, suspended, nil
	}
	for range maxAttempts {
		found, err := r.acronis.getUser(ctx, spec.UserID)
		if err != nil {
			return nil, resultOf(err), retried(err)
		}
		if spec.TenantID != "" && spec.TenantID != found.TenantID {
			return nil, mismatch, nil
		}
		wanted := union(found.BusinessTypes, spec.BusinessTypes)
		if len(wanted) == len(found.BusinessTypes) {
			return found, assigned, nil
		}
		if spec.ManagementPolicy == "Observe" {
			return found, notAssigned, nil
		}
		after, err := r.acronis.putBusinessTypes(ctx, spec.UserID, wanted, found.Version)
		if is(err, http.StatusConflict) {
			continue
		}
		if err != nil {
			return nil, resultOf(err), retried(err)
		}
		log.FromContext(ctx).Info("wrote to Acronis", "action", "assign", "from", found.Version, "to", after.Version)
		// The response to a write shows no roles.
		after.AccessPolicies = found.AccessPolicies
		if len(union(after.BusinessTypes, spec.BusinessTypes)) != len(after.BusinessTypes) {
			return after, notApplied, errors.New("the response does not show the type")
		}
		return after, assigned, nil
	}
	return nil, conflict, errors.New("the user was changed between each read and write")
}

// finalize takes the types away again, then lets the object go.
func (r *reconciler) finalize(ctx context.Context, object *TenantUserUpsell) error {
	if !controllerutil.ContainsFinalizer(object, finalizer) {
		return nil
	}
	found, err := r.acronis.getUser(ctx, object.Spec.UserID)
	if err == nil {
		kept := slices.DeleteFunc(slices.Clone(found.BusinessTypes), func(t string) bool { return slices.Contains(object.Spec.BusinessTypes, t) })
		if len(kept) < len(found.BusinessTypes) {
			var after *user
			after, err = r.acronis.putBusinessTypes(ctx, object.Spec.UserID, kept, found.Version)
			if err == nil {
				log.FromContext(ctx).Info("wrote to Acronis", "action", "revoke", "from", found.Version, "to", after.Version)
			}
		}
	}
	if err != nil && !is(err, http.StatusNotFound) {
		return err
	}
	before := object.DeepCopy()
	controllerutil.RemoveFinalizer(object, finalizer)
	return client.IgnoreNotFound(r.Patch(ctx, object, client.MergeFrom(before)))
}

// offer is what the user will see when a quota runs out.
func (r *reconciler) offer(ctx context.Context, u *user) string {
	if !slices.Contains(u.BusinessTypes, "buyer") {
		return "None"
	}
	if !slices.Contains(u.AccessPolicies, accessPolicy{RoleID: "company_admin", TenantID: u.TenantID}) {
		return "ContactSales"
	}
	link, err := r.acronis.hasBuyURL(ctx, u.TenantID)
	if err != nil {
		return "Unknown"
	}
	if link {
		return "BuyNow"
	}
	return "BuyNowWithoutLink"
}

// setInformed writes whether what is sent about quotas can reach the user.
func setInformed(object *TenantUserUpsell, u *user) {
	informed := metav1.Condition{Type: "Informed", Status: metav1.ConditionFalse, ObservedGeneration: object.Generation}
	switch {
	case u.Enabled != nil && !*u.Enabled:
		informed.Reason, informed.Message = "UserDisabled", "The user is disabled and cannot log in. Enable the user in the management portal."
	case u.Activated != nil && !*u.Activated:
		informed.Reason, informed.Message = "UserNotActivated", "The user has not activated the account yet. Send the activation e-mail again from the management portal."
	case u.Notifications == nil:
		informed.Status, informed.Reason, informed.Message = metav1.ConditionUnknown, "NotShown", "Acronis does not show which notifications the user gets."
	case slices.Contains(u.Notifications, "quota"):
		informed.Status, informed.Reason, informed.Message = metav1.ConditionTrue, "QuotaNotificationsOn", "The user is enabled and activated, and gets e-mails about quotas."
	default:
		informed.Reason, informed.Message = "QuotaNotificationsOff", "The user gets no e-mail about quotas: its notifications lack quota. Have it switched on in the management portal."
	}
	meta.SetStatusCondition(&object.Status.Conditions, informed)
}

// setConditions writes Ready and, while it is true, Stalled.
func setConditions(object *TenantUserUpsell, v result) {
	condition := metav1.Condition{Type: "Ready", Status: v.status, Reason: v.reason, Message: v.message, ObservedGeneration: object.Generation}
	meta.SetStatusCondition(&object.Status.Conditions, condition)
	if !v.stalled {
		meta.RemoveStatusCondition(&object.Status.Conditions, "Stalled")
		return
	}
	condition.Type, condition.Status = "Stalled", metav1.ConditionTrue
	meta.SetStatusCondition(&object.Status.Conditions, condition)
}

// union is the first list with what of the second it lacks; never nil, which JSON would show as null.
func union(have, wanted []string) []string {
	all := append(make([]string, 0, len(have)+len(wanted)), have...)
	for _, each := range wanted {
		if !slices.Contains(all, each) {
			all = append(all, each)
		}
	}
	return all
}

func is(err error, status int) bool {
	var refused statusError
	return errors.As(err, &refused) && refused.status == status
}

func resultOf(err error) result {
	if is(err, http.StatusNotFound) {
		return userNotFound
	}
	return unavailable
}

// retried is the error where the work queue should come back with a backoff; a user that does not exist waits for the resync.
func retried(err error) error {
	if is(err, http.StatusNotFound) {
		return nil
	}
	return err
}
