/**
 * Script for root that makes `localhost` (in both families) and the guest's own name resolve, which needs no name
 * server. Keeps what /etc/hosts has; appends in place, since smolvm may have mounted the file.
 */
export const HOSTS_SCRIPT = `has_host() { grep -Eqs "^$1[[:space:]](.*[[:space:]])?$2([[:space:]]|\\$)" /etc/hosts; }
for address in 127.0.0.1 ::1; do
  has_host "$address" localhost || printf '\\n%s localhost\\n' "$address" >> /etc/hosts
done
has_host '[^#]*' "$(uname -n)" || printf '\\n127.0.0.1 %s\\n' "$(uname -n)" >> /etc/hosts`;
