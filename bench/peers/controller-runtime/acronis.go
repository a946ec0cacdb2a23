package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// user is what of an Acronis user the reconcile reads.
type user struct {
	ID             string         `json:"id"`
	TenantID       string         `json:"tenant_id"`
	Version        int64          `json:"version"`
	BusinessTypes  []string       `json:"business_types"`
	Enabled        *bool          `json:"enabled"`
	Activated      *bool          `json:"activated"`
	Notifications  []string       `json:"notifications"`
	AccessPolicies []accessPolicy `json:"access_policies"`
}

type accessPolicy struct {
	RoleID   string `json:"role_id"`
	TenantID string `json:"tenant_id"`
}

// brandInterval is how long the branding of a tenant is taken to be as it was read.
const brandInterval = 10 * time.Minute

type brand struct {
	hasBuyURL bool
	readAt    time.Time
}

// statusError is a response other than 200.
type statusError struct{ status int }

func (e statusError) Error() string { return fmt.Sprintf("acronis answered %d", e.status) }

// acronis is a client of the Account Management API for one account.
type acronis struct {
	base, clientID, clientSecret string
	http                         *http.Client

	mu      sync.Mutex
	token   string
	expires time.Time

	brandsMu sync.Mutex
	brands   map[string]brand
}

func newAcronis(base, clientID, clientSecret string, workers int) *acronis {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = workers
	return &acronis{
		base:         strings.TrimSuffix(base, "/") + "/api/2",
		clientID:     clientID,
		clientSecret: clientSecret,
		brands:       map[string]brand{},
		http:         &http.Client{Transport: transport, Timeout: 30 * time.Second},
	}
}

// getUser reads one user with its roles, which only a list shows.
func (a *acronis) getUser(ctx context.Context, id string) (*user, error) {
	var page struct {
		Items []user `json:"items"`
	}
	query := url.Values{"uuids": {id}, "lod": {"full"}, "with_access_policies": {"true"}}
	if err := a.call(ctx, http.MethodGet, "/users?"+query.Encode(), nil, &page); err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, statusError{http.StatusNotFound}
	}
	return &page.Items[0], nil
}

// hasBuyURL says whether the branding that is in force for a tenant has one.
func (a *acronis) hasBuyURL(ctx context.Context, tenant string) (bool, error) {
	a.brandsMu.Lock()
	defer a.brandsMu.Unlock()
	if known, ok := a.brands[tenant]; ok && time.Since(known.readAt) < brandInterval {
		return known.hasBuyURL, nil
	}
	var response struct {
		UpsellURL string `json:"upsell_url"`
	}
	err := a.call(ctx, http.MethodGet, "/tenants/"+url.PathEscape(tenant)+"/brand?effective=1", nil, &response)
	if err != nil && !is(err, http.StatusNotFound) {
		return false, err
	}
	a.brands[tenant] = brand{hasBuyURL: response.UpsellURL != "", readAt: time.Now()}
	return response.UpsellURL != "", nil
}

func (a *acronis) putBusinessTypes(ctx context.Context, id string, types []string, version int64) (*user, error) {
	body, err := json.Marshal(map[string]any{"business_types": types, "version": version})
	if err != nil {
		return nil, err
	}
	var changed user
	if err := a.call(ctx, http.MethodPut, "/users/"+url.PathEscape(id), body, &changed); err != nil {
		return nil, err
	}
	return &changed, nil
}

func (a *acronis) call(ctx context.Context, method, path string, body []byte, into any) error {
	token, err := a.bearer(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, res.Body)
		if res.StatusCode == http.StatusUnauthorized {
			a.forget(token)
		}
		return statusError{res.StatusCode}
	}
	return json.NewDecoder(res.Body).Decode(into)
}

func (a *acronis) bearer(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Until(a.expires) > time.Minute {
		return a.token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/idp/token", strings.NewReader(form))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(a.clientID, a.clientSecret)
	res, err := a.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", statusError{res.StatusCode}
	}
	var response struct {
		AccessToken string `json:"access_token"`
		ExpiresOn   int64  `json:"expires_on"`
	}
	if err := json.NewDecoder(res.Body).Decode(&response); err != nil {
		return "", err
	}
	a.token, a.expires = response.AccessToken, time.Unix(response.ExpiresOn, 0)
	return a.token, nil
}

func (a *acronis) forget(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == token {
		a.expires = time.Time{}
	}
}
