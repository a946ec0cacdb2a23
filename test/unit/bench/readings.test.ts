/** What is read of other people's pages: the kernel's, the API server's, and Prometheus pages. */
import { describe, expect, it } from 'vitest';
import { bucketQuantile, gauge, histogram } from '../../../bench/metrics-page.ts';
import { costOf, parseStat, parseStatus } from '../../../bench/process-cost.ts';
import { countWrites, since } from '../../../bench/write-counts.ts';

describe('the cost of a process', () => {
  it('is user and system time, whatever brackets and spaces are in the name of the program', () => {
    const fields = Array.from({ length: 40 }, (_, i) => String(i + 3));
    expect(parseStat(`123 (no) de (x)) ${fields.join(' ')}`)).toBe(14 + 15);
  });

  it('is memory now and at most, in MiB', () => {
    expect(parseStatus('Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n')).toEqual({
      rssMiB: 100,
      peakRssMiB: 200,
    });
  });

  it.runIf(process.platform === 'linux')('grows while the process works', async () => {
    const before = await costOf(process.pid);
    const end = performance.now() + 10_000;
    let after = before;
    while (after.cpuS <= before.cpuS && performance.now() < end) after = await costOf(process.pid);
    expect(after.cpuS).toBeGreaterThan(before.cpuS);
    expect(after.peakRssMiB).toBeGreaterThanOrEqual(after.rssMiB * 0.9);
  });
});

describe('a gauge of a Prometheus page', () => {
  const page = 'objects{reason="A"} 2\nobjects{reason="B"} 3\nobjects_of_others 7\nup 1\n';

  it('is the sum over its labels, and 0 where it is not there', () => {
    expect([gauge(page, 'objects'), gauge(page, 'up'), gauge(page, 'down')]).toEqual([5, 1, 0]);
  });
});

describe('writes as the API server counts them', () => {
  const page = (status: number) => `# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",group="upsell.acronis.com",resource="tenantuserupsells",scope="resource",subresource="status",verb="PATCH",version="v1alpha1"} ${status}
apiserver_request_total{code="200",resource="tenantuserupsells",scope="resource",subresource="",verb="PATCH"} 7
apiserver_request_total{code="201",resource="tenantuserupsells",scope="resource",subresource="",verb="POST"} 100
apiserver_request_total{code="200",resource="tenantuserupsells",scope="cluster",subresource="",verb="LIST"} 3
apiserver_request_total{code="201",resource="events",scope="resource",subresource="",verb="POST"} 5
apiserver_request_total{code="200",resource="leases",scope="resource",subresource="",verb="PUT"} 1000
apiserver_request_total_of_something_else{verb="PATCH"} 9
`;

  it('distinguishes status from the object itself and Events from both, and counts neither reads nor creations nor leases', () => {
    expect(countWrites(page(20))).toEqual({ status: 20, objects: 7, events: 5 });
  });

  it('gives what came since', () => {
    expect(since(countWrites(page(20)), countWrites(page(25)))).toEqual({ status: 5, objects: 0, events: 0 });
  });
});

describe('a page of metrics', () => {
  const page = (fast: number, slow: number) => `wait_bucket{le="0.1",name="a"} ${fast}
wait_bucket{le="1",name="a"} ${fast + slow}
wait_bucket{le="+Inf",name="a"} ${fast + slow}
wait_count{name="a"} ${fast + slow}
`;

  it('says below which bound a share of what came between two readings lies', () => {
    const between = (p: number) =>
      bucketQuantile(histogram(page(1_000, 0), 'wait'), histogram(page(1_098, 2), 'wait'), p);
    expect(between(0.98)).toBe(0.1);
    expect(between(0.99)).toBe(1);
  });

  it('has no quantile where nothing came', () => {
    const same = histogram(page(5, 5), 'wait');
    expect(bucketQuantile(same, same, 0.99)).toBeNaN();
  });
});
