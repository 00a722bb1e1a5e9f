using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Fleet.Core.Access;
using Fleet.Core.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fleet.Api.Access;

/// <summary>Who a credential belongs to.</summary>
/// <param name="Who">Null for nobody.</param>
/// <param name="Wait">Set if it was not looked at because too many before it had failed: how long to wait.</param>
internal readonly record struct SignInResult(Principal? Who, TimeSpan? Wait);

/// <summary>Looks up credentials, and slows down those who try many. A key cannot be guessed; this keeps the attempts from costing the
/// database and filling the log. What was valid before is always looked up, so nobody who works here is locked out by others.</summary>
internal sealed partial class FailedSignIns(
    Credentials credentials, IOptions<LimitOptions> options, TimeProvider time, ILogger<FailedSignIns> logger) : IDisposable
{
    /// <summary>Of so many addresses the failures are counted.</summary>
    public const int MaxAddresses = 10_000;

    private const int LookUpsAtOnce = 4;
    private const int WaitingLookUps = 256;

    private static readonly TimeSpan NextTry = TimeSpan.FromSeconds(1);

    private readonly Dictionary<IPAddress, Window> _windows = [];

    // Of all addresses together: whoever has many of them still gets no more than these few connections of the database.
    private readonly ConcurrencyLimiter _lookUps = new(new()
    {
        PermitLimit = LookUpsAtOnce,
        QueueLimit = WaitingLookUps,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Looks up a credential.</summary>
    /// <param name="http">The request.</param>
    /// <param name="text">What was sent; null for a text that cannot be a credential.</param>
    /// <param name="find">Finds whose it is.</param>
    public async Task<SignInResult> FindAsync(
        HttpContext http, KeyText? text, Func<KeyText, CancellationToken, Task<Principal?>> find)
    {
        var address = AddressOf(http);
        var wasValid = text is not null && credentials.WasValid(text);
        if (!wasValid && BlockedFor(address) is { } wait)
            return new(null, wait);
        using var turn = wasValid || text is null ? null : await _lookUps.AcquireAsync(1, http.RequestAborted);
        if (turn is { IsAcquired: false })
            return new(null, NextTry);
        var found = text is null ? null : await find(text, http.RequestAborted);
        if (found is null)
            Count(address, text);
        return new(found, null);
    }

    /// <summary>Counts a token of the OIDC provider that is not valid.</summary>
    /// <returns>Null; or how long to wait, if there were too many before it.</returns>
    public TimeSpan? CountToken(HttpContext http)
    {
        var address = AddressOf(http);
        if (BlockedFor(address) is { } wait)
            return wait;
        Count(address, text: null);
        return null;
    }

    /// <summary>How long an address has to wait until a sign-in at the OIDC provider is looked at; null: not at all.</summary>
    public TimeSpan? FindWait(HttpContext http) => BlockedFor(AddressOf(http));

    /// <summary>Counts a sign-in at the OIDC provider that failed.</summary>
    public void CountSignIn(HttpContext http) => Count(AddressOf(http), text: null);

    /// <summary>The refusal of a credential that was not looked at.</summary>
    public static IResult Refuse(HttpContext http, TimeSpan wait) => Problems.Busy(
        http, StatusCodes.Status429TooManyRequests, "too_many_failed_sign_ins",
        string.Create(
            CultureInfo.InvariantCulture,
            $"Too many credentials were not valid, so no others are looked at for {Math.Ceiling(wait.TotalSeconds):0} s. "
                + $"One that was valid before is still let in."),
        wait);

    public void Dispose() => _lookUps.Dispose();

    /// <summary>The address that failures are counted for. Whoever has an IPv6 network has all of its addresses.</summary>
    internal static IPAddress AddressOf(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is not { } address)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private TimeSpan? BlockedFor(IPAddress address)
    {
        lock (_windows)
        {
            return _windows.TryGetValue(address, out var window) && window.Failures >= options.Value.FailedSignIns
                && options.Value.FailedSignInWindow - time.GetElapsedTime(window.Since) is var left && left > TimeSpan.Zero
                    ? left
                    : null;
        }
    }

    private void Count(IPAddress address, KeyText? text)
    {
        int failures;
        lock (_windows)
        {
            var isNew = !_windows.TryGetValue(address, out var window)
                || time.GetElapsedTime(window.Since) >= options.Value.FailedSignInWindow;
            // Whoever has so many addresses may try again with each: there is no key to be found by that.
            if (isNew && _windows.Count >= MaxAddresses)
                _windows.Clear();
            failures = isNew ? 1 : window.Failures + 1;
            _windows[address] = new(isNew ? time.GetTimestamp() : window.Since, failures);
        }

        FleetMetrics.FailedSignIns.Add(1);
        LogFailed(address, text?.Id ?? "none");
        if (failures == options.Value.FailedSignIns)
            LogBlocked(address, failures, options.Value.FailedSignInWindow);
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "A request from {Address} had a credential that is not valid; key id: {KeyId}.")]
    private partial void LogFailed(IPAddress address, string keyId);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Address} sent {Failures} credentials that are not valid within {Window}. Until that time is over, it is let in only "
            + "with one that was valid before.")]
    private partial void LogBlocked(IPAddress address, int failures, TimeSpan window);

    private readonly record struct Window(long Since, int Failures);
}
