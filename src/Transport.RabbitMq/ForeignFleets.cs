using Fleet.Core.Leadership;
using Fleet.Core.Rules;

namespace Fleet.Transport.RabbitMq;

/// <summary>Recognizes messages of another fleet, and reports that two fleets share a virtual host.</summary>
/// <remarks>Such a message is dropped. It says nothing that the other fleet does not find in its own rows, and one log line is enough to
/// learn of the mistake; parked, they would fill <c>fleet.parked</c> at the rate of the other fleet's runs.</remarks>
internal sealed class ForeignFleets(FleetIdentity identity, RabbitMqSettings settings, BrokerProblems problems, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>Without a foreign message for this long, the other fleet counts as gone.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    private const string Key = "foreign fleet";

    private readonly Lock _lock = new();
    private ITimer? _end;
    private bool _isReported;

    /// <summary>Checks the fleet that a message names.</summary>
    /// <returns>True if it is another one: the message is to be dropped, and the problem is reported.</returns>
    /// <exception cref="Exception">The database, which knows our own id, did not answer.</exception>
    public async ValueTask<bool> IsForeignAsync(string? fleet, CancellationToken ct)
    {
        if (fleet is null || fleet == await identity.GetAsync(ct))
            return false;
        Report(fleet);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_end is { } end)
            await end.DisposeAsync();
    }

    /// <summary>Reports it once, until no such message has come for a while.</summary>
    private void Report(string fleet)
    {
        lock (_lock)
        {
            _end ??= time.CreateTimer(_ => End(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _end.Change(Quiet, Timeout.InfiniteTimeSpan);
            if (_isReported)
                return;
            _isReported = true;
            problems.Report(
                Key,
                Severity.Degraded,
                $"another fleet ({Short(fleet)}) uses the virtual host '{settings.VirtualHost}' too. Its nudges are dropped here, as ours "
                    + "are there, so runs of both are late. Give each fleet a virtual host of its own (Fleet:Transport:Uri).");
        }
    }

    private void End()
    {
        lock (_lock)
        {
            _isReported = false;
            problems.Clear(Key);
        }
    }

    /// <summary>What others wrote may be long, and hold line breaks.</summary>
    private static string Short(string fleet) => RunRules.Show(fleet);
}
