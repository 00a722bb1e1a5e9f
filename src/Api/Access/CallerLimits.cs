using System.Net;
using System.Threading.RateLimiting;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Fleet.Api.Access;

/// <summary>Keeps one caller from taking the server for itself: a program in an endless loop, a page that searches in every tab. Callers
/// are told apart by their API key, also behind a session, else by their name, and by their address where anyone may call.</summary>
internal sealed class CallerLimits : IDisposable
{
    /// <summary>So many searches of a caller wait for those that run.</summary>
    public const int WaitingSearches = 16;

    private static readonly TimeSpan NextTry = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<LimitedCaller> _writes;
    private readonly PartitionedRateLimiter<LimitedCaller> _searches;

    public CallerLimits(IOptions<LimitOptions> options)
    {
        var (writes, searches) = (options.Value.WritesPerMinute, options.Value.Searches);
        // Made once: a delegate per request would be garbage on the way of every enqueue.
        Func<LimitedCaller, RateLimiter> bucket = _ => Bucket(writes);
        Func<LimitedCaller, RateLimiter> turns = _ => new ConcurrencyLimiter(new()
        {
            PermitLimit = searches,
            QueueLimit = WaitingSearches,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        _writes = PartitionedRateLimiter.Create<LimitedCaller, LimitedCaller>(caller => RateLimitPartition.Get(caller, bucket));
        _searches = PartitionedRateLimiter.Create<LimitedCaller, LimitedCaller>(caller => RateLimitPartition.Get(caller, turns));
    }

    public void Dispose()
    {
        _writes.Dispose();
        _searches.Dispose();
    }

    /// <summary>Counts a write.</summary>
    /// <returns>Null if it may be made; else how long to wait.</returns>
    public TimeSpan? CountWrite(HttpContext http, Principal who)
    {
        using var lease = _writes.AttemptAcquire(LimitedCaller.Of(http, who));
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) && wait > NextTry ? wait : NextTry;
    }

    /// <summary>Waits for the turn of a search, which ends when the lease is disposed of.</summary>
    public ValueTask<RateLimitLease> WaitToSearchAsync(HttpContext http, Principal who) =>
        _searches.AcquireAsync(LimitedCaller.Of(http, who), cancellationToken: http.RequestAborted);

    private static TokenBucketRateLimiter Bucket(int perMinute)
    {
        // About one refill a second, of whole tokens: its length makes the number a minute exact.
        var tokens = Math.Max(1, perMinute / 60);
        return new(new()
        {
            TokenLimit = perMinute,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromMinutes((double)tokens / perMinute),
            QueueLimit = 0,
            // One timer fills up the buckets of all callers.
            AutoReplenishment = false,
        });
    }

    /// <summary>Whom a limit is for: a key or a name, or an address.</summary>
    private readonly record struct LimitedCaller(string? Name, IPAddress? Address)
    {
        public static LimitedCaller Of(HttpContext http, Principal who) =>
            who.IsProven ? new(who.KeyId ?? who.Subject ?? who.Name, null) : new(null, http.Connection.RemoteIpAddress);
    }
}
