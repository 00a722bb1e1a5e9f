namespace Fleet.Samples;

/// <summary>Asks endpoints whether they are well, all at once.</summary>
/// <param name="Endpoints">1–50 absolute http or https addresses. Null: the API's own health and the sample endpoints.</param>
/// <param name="TimeoutMs">How long one endpoint may take: 1–60000.</param>
[Job("samples.health-probe", Timeout = "00:02:00",
    Description = "Probes endpoints at once and records status and latency in the table sample_probes.")]
public sealed record HealthProbe(IReadOnlyList<string>? Endpoints = null, int TimeoutMs = 2000);

/// <summary>How one endpoint answered.</summary>
/// <param name="Endpoint">Its address.</param>
/// <param name="StatusCode">Null when there was no answer.</param>
/// <param name="LatencyMs">Until the headers of the answer, or until it was given up.</param>
/// <param name="Error">Why it counts as unwell; null when it is well.</param>
public sealed record ProbeResult(string Endpoint, int? StatusCode, long LatencyMs, string? Error);

/// <summary>What one run found.</summary>
public sealed record ProbeSummary(int Up, int Down, long SlowestMs, IReadOnlyList<ProbeResult> Results);

/// <remarks>An endpoint that is down is a finding, not a failure of the run.</remarks>
internal sealed class HealthProbeJob(IHttpClientFactory clients, SampleAddresses addresses, TimeProvider time) : IJob<HealthProbe>
{
    private const int MaxEndpoints = 50;
    private const int MaxError = 500;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    public async Task RunAsync(HealthProbe args, JobContext context, CancellationToken ct)
    {
        var endpoints = Check(args);
        using var client = clients.CreateClient(SamplesServices.HttpClient);
        var probes = endpoints.Select(e => ProbeAsync(client, e, TimeSpan.FromMilliseconds(args.TimeoutMs), ct)).ToList();
        var results = new List<ProbeResult>();
        await foreach (var probe in Task.WhenEach(probes).WithCancellation(ct))
        {
            var result = await probe;
            results.Add(result);
            context.Log.Write(
                result.Error is null ? JobLogLevel.Information : JobLogLevel.Warning,
                $"{result.Endpoint}: {result.Error ?? "up"} ({result.StatusCode?.ToString() ?? "no answer"}, {result.LatencyMs} ms)");
            context.ReportProgress((double)results.Count / endpoints.Count, $"{results.Count} of {endpoints.Count} endpoints");
        }

        var down = results.Count(r => r.Error is not null);
        context.SetOutput(new ProbeSummary(results.Count - down, down, results.Max(r => r.LatencyMs), results));
        await RecordAsync(context, results, ct);
    }

    private List<string> Check(HealthProbe args)
    {
        if (args.TimeoutMs is < 1 or > 60_000)
            throw new NonRetryableException($"timeoutMs: '{args.TimeoutMs}' is not allowed; allowed is 1–60000.");
        // Each address once: it is the key of its row.
        var endpoints = (args.Endpoints ?? OwnEndpoints()).Distinct(StringComparer.Ordinal).ToList();
        if (endpoints.Count is 0 or > MaxEndpoints)
            throw new NonRetryableException($"endpoints: {endpoints.Count} are not allowed; allowed is 1–{MaxEndpoints}.");
        return endpoints.Find(e => !HttpAddress.IsAllowed(e)) is { } bad
            ? throw new NonRetryableException($"endpoints: '{bad}' is not allowed; allowed is {HttpAddress.Allowed}.")
            : endpoints;
    }

    private IEnumerable<string> OwnEndpoints() =>
        new[] { "health/live", SampleEndpoints.SlowPath, SampleEndpoints.FlakyPath }.Select(path => addresses.Api(path).ToString());

    private async Task<ProbeResult> ProbeAsync(HttpClient client, string endpoint, TimeSpan limit, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var start = time.GetTimestamp();
        try
        {
            using var response = await client.GetAsync(new Uri(endpoint), HttpCompletionOption.ResponseHeadersRead, either.Token);
            var error = response.IsSuccessStatusCode ? null : $"answered {(int)response.StatusCode}";
            return new ProbeResult(endpoint, (int)response.StatusCode, LatencySince(start), error);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new ProbeResult(endpoint, null, LatencySince(start), $"no answer within {limit.TotalMilliseconds:0} ms");
        }
        catch (HttpRequestException e)
        {
            return new ProbeResult(endpoint, null, LatencySince(start), e.Message.Length > MaxError ? e.Message[..MaxError] : e.Message);
        }
    }

    private long LatencySince(long start) => (long)time.GetElapsedTime(start).TotalMilliseconds;

    private Task RecordAsync(JobContext context, List<ProbeResult> results, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return context.CompleteAsync(
            async (transaction, token) =>
            {
                foreach (var result in results)
                {
                    await transaction.ExecuteAsync(
                        """
                        INSERT INTO sample_probes (run_id, endpoint, status_code, latency_ms, error, probed_at)
                        VALUES (@run, @endpoint, @status, @latency, @error, @now)
                        """,
                        token,
                        ("@run", context.RunId.ToString()), ("@endpoint", result.Endpoint), ("@status", result.StatusCode),
                        ("@latency", result.LatencyMs), ("@error", result.Error), ("@now", now.ToUnixTimeMilliseconds()));
                }

                await transaction.ExecuteAsync(
                    "DELETE FROM sample_probes WHERE probed_at < @until", token, ("@until", (now - Kept).ToUnixTimeMilliseconds()));
            },
            ct);
    }
}
