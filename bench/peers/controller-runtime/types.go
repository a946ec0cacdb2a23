package main

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The types of crds/tenantuserupsells.upsell.acronis.com.yaml, as far as this peer serves them: users named by userID, and the operator's own credentials.
var groupVersion = schema.GroupVersion{Group: "upsell.acronis.com", Version: "v1alpha1"}

type TenantUserUpsellSpec struct {
	UserID           string   `json:"userID,omitempty"`
	TenantID         string   `json:"tenantID,omitempty"`
	BusinessTypes    []string `json:"businessTypes,omitempty"`
	ManagementPolicy string   `json:"managementPolicy,omitempty"`
	DeletionPolicy   string   `json:"deletionPolicy,omitempty"`
	Suspend          bool     `json:"suspend,omitempty"`
}

type TenantUserUpsellStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	ObservedVersion    int64              `json:"observedVersion,omitempty"`
	UserID             string             `json:"userID,omitempty"`
	TenantID           string             `json:"tenantID,omitempty"`
	BusinessTypes      []string           `json:"businessTypes,omitempty"`
	Assigned           *Assigned          `json:"assigned,omitempty"`
	Offer              string             `json:"offer,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type Assigned struct {
	UserID   string `json:"userID"`
	TenantID string `json:"tenantID"`
}

type TenantUserUpsell struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              TenantUserUpsellSpec   `json:"spec,omitempty"`
	Status            TenantUserUpsellStatus `json:"status,omitempty"`
}

type TenantUserUpsellList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TenantUserUpsell `json:"items"`
}

// DeepCopyInto is what controller-gen would generate.
func (in *TenantUserUpsell) DeepCopyInto(out *TenantUserUpsell) {
	*out = *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.BusinessTypes = slices.Clone(in.Spec.BusinessTypes)
	out.Status.BusinessTypes = slices.Clone(in.Status.BusinessTypes)
	if in.Status.Assigned != nil {
		assigned := *in.Status.Assigned
		out.Status.Assigned = &assigned
	}
	if in.Status.Conditions != nil {
		out.Status.Conditions = make([]metav1.Condition, len(in.Status.Conditions))
		for i := range in.Status.Conditions {
			in.Status.Conditions[i].DeepCopyInto(&out.Status.Conditions[i])
		}
	}
}

func (in *TenantUserUpsell) DeepCopy() *TenantUserUpsell {
	out := new(TenantUserUpsell)
	in.DeepCopyInto(out)
	return out
}

func (in *TenantUserUpsell) DeepCopyObject() runtime.Object { return in.DeepCopy() }

func (in *TenantUserUpsellList) DeepCopyObject() runtime.Object {
	out := new(TenantUserUpsellList)
	*out = *in
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	if in.Items != nil {
		out.Items = make([]TenantUserUpsell, len(in.Items))
		for i := range in.Items {
			in.Items[i].DeepCopyInto(&out.Items[i])
		}
	}
	return out
}

func addToScheme(s *runtime.Scheme) {
	s.AddKnownTypes(groupVersion, &TenantUserUpsell{}, &TenantUserUpsellList{})
	metav1.AddToGroupVersion(s, groupVersion)
}
