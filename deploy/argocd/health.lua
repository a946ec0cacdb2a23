-- Argo CD's health check for TenantUserUpsell: see docs/guide/gitops.md for where to put it.
local status = obj.status or {}
local ready, stalled
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then ready = condition end
  if condition.type == "Stalled" then stalled = condition end
end
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = ready ~= nil and ready.message or "Waiting for the operator" }
end
if obj.spec ~= nil and obj.spec.suspend then
  return { status = "Suspended", message = "spec.suspend is true" }
end
if ready == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator" }
end
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = stalled.message }
end
-- An object that only observes does what it should, whatever it finds.
if ready.status == "True" or ready.reason == "NotAssigned" then
  return { status = "Healthy", message = ready.message }
end
return { status = "Progressing", message = ready.message }
