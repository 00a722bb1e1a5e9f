using System.Globalization;
using Fleet.Client;
using Fleet.Core.Findings;
using Fleet.Core.Lanes;
using Fleet.Core.Live;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Api.Events;

/// <summary>Makes the events of this process: once for all who listen, at most twice a second, and nothing while nobody does.</summary>
internal sealed partial class EventHub(
    ReadLiveFigures readFigures, FindChanges findChanges, GetFindings getFindings, FollowRuns followRuns, IControlChannel control,
    ComponentStates components, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<EventHub> logger)
    : IAsyncDisposable
{
    /// <summary>Maximum number of listeners of a process.</summary>
    public const int MaxSubscribers = 200;

    /// <summary>Maximum number of runs that all listeners follow together.</summary>
    public const int MaxFollowed = 500;

    /// <summary>The shortest time between two events of a kind.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(0.5);

    public static readonly TimeSpan BetweenPings = TimeSpan.FromSeconds(15);

    // A client that was away for a moment gets what it missed.
    private const int MaxKept = 64;

    // Figures are read at every second look, findings at every tenth.
    private const int LooksPerFigures = 2;
    private const int LooksPerFindings = 10;

    private readonly Lock _lock = new();
    private readonly HashSet<EventSubscription> _subscribers = [];
    private readonly Queue<EventFrame> _kept = new();

    // The number of an event means something in this process alone.
    private readonly string _epoch = Guid.NewGuid().ToString("N")[..12];
    private long _number;

    // Null while nobody listens to figures, because they would be old by the time that somebody does.
    private EventFrame? _lastFigures;

    // Whether somebody came who could not be given the last figures: the next look reads all anew.
    private bool _isNewWanted;
    private CancellationTokenSource? _stop;
    private Task _work = Task.CompletedTask;

    // State of the looks; only the one loop touches it.
    private long _looks;
    private Look? _look;
    private LiveFigures? _figures;
    private IReadOnlyList<Finding> _findings = [];
    private IReadOnlyList<ComponentView> _components = [];
    private volatile bool _schedulesChanged;

    /// <summary>Ends when nothing is read any more, because nobody listens.</summary>
    internal Task Work => _work;

    /// <summary>Begins to listen.</summary>
    /// <param name="topics">What to.</param>
    /// <param name="runs">The runs to follow.</param>
    /// <param name="lastEventId">The id of the last event that the client has seen; null when it has seen none.</param>
    /// <param name="known">The states of the runs that were read just now; they are told first. Null: the next look tells them.</param>
    /// <returns>The subscription, to be given to <see cref="Unsubscribe"/>; null when there are too many, or the process stops.</returns>
    public EventSubscription? Subscribe(
        EventTopics topics, IReadOnlySet<RunId> runs, string? lastEventId, IReadOnlyDictionary<RunId, FollowedRun>? known = null)
    {
        lock (_lock)
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested || _subscribers.Count >= MaxSubscribers
                || _subscribers.Sum(s => s.Runs.Count) + runs.Count > MaxFollowed)
            {
                return null;
            }

            var subscription = new EventSubscription(topics, runs);
            var seen = lastEventId is null ? 0 : Resume(subscription, lastEventId);
            if (_lastFigures is { } figures && figures.Number > seen)
                subscription.Send(figures);
            else
                _isNewWanted |= topics.HasFlag(EventTopics.Figures);
            // Before the first look, which may know more.
            foreach (var (id, run) in known ?? new Dictionary<RunId, FollowedRun>())
                subscription.Tell(id, run, () => Show(id, run));
            _subscribers.Add(subscription);
            if (_stop is null)
                Start();
            return subscription;
        }
    }

    /// <summary>Ends a subscription. After the last one, nothing is read any more.</summary>
    public void Unsubscribe(EventSubscription subscription)
    {
        lock (_lock)
        {
            subscription.Dispose();
            if (_subscribers.Remove(subscription) && _subscribers.Count == 0)
            {
                _stop?.Cancel();
                _stop = null;
            }

            if (!AreFiguresHeard)
                _lastFigures = null;
        }
    }

    /// <summary>Ends the loops before the storage goes.</summary>
    public async ValueTask DisposeAsync()
    {
        Task work;
        lock (_lock)
        {
            _stop?.Cancel();
            _stop = null;
            work = _work;
        }

        await work;
    }

    private bool AreFiguresHeard => _subscribers.Any(s => s.Topics.HasFlag(EventTopics.Figures));

    /// <summary>Sends what the client has missed, in the order of the numbers.</summary>
    /// <returns>The number of the last event that it has now, or 0.</returns>
    private long Resume(EventSubscription subscription, string lastEventId)
    {
        var seen = lastEventId.StartsWith(_epoch + "-", StringComparison.Ordinal)
            && long.TryParse(lastEventId.AsSpan(_epoch.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= _number
            ? number
            : -1;
        var first = _kept.TryPeek(out var oldest) ? oldest.Number : _number + 1;
        if (seen + 1 < first)
        {
            var reason = seen < 0 ? "The event id is not one of this process." : "The events since this one are not kept any more.";
            subscription.Send(
                EventFrame.Create(EventTopics.None, "resync", new ResyncView { Reason = reason }));
            return 0;
        }

        // Only the latest figures are worth sending.
        foreach (var frame in _kept.Where(f => f.Number > seen && (f.Topic != EventTopics.Figures || f == _lastFigures)))
        {
            subscription.Send(frame);
            seen = frame.Number;
        }

        return seen;
    }

    private void Start()
    {
        var stop = _stop = new CancellationTokenSource();
        var before = _work;
        _work = Task.Run(async () =>
        {
            await before;
            await using var ends = lifetime.ApplicationStopping.Register(EndAll);
            await Task.WhenAll(LookAgainAndAgainAsync(stop.Token), PingAsync(stop.Token));
            stop.Dispose();
        });
    }

    private void EndAll()
    {
        lock (_lock)
        {
            foreach (var subscriber in _subscribers)
                subscriber.End(time);
        }
    }

    private async Task PingAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(BetweenPings, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
                Broadcast(EventFrame.Ping);
        }
        catch (OperationCanceledException)
        {
            // Nobody listens any more.
        }
    }

    private async Task LookAgainAndAgainAsync(CancellationToken ct)
    {
        try
        {
            await using var listening = await ListenToControlAsync(ct);
            // Schedules may have changed while nobody listened.
            _schedulesChanged = _look is not null;
            _looks = 0;
            while (true)
            {
                await LookAsync(ct);
                await Task.Delay(Pace, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (Exception e)
        {
            // Not expected. The listeners connect again, which starts this anew.
            LogEnded(e);
            EndAll();
        }
    }

    private async Task<IAsyncDisposable?> ListenToControlAsync(CancellationToken ct)
    {
        try
        {
            return await control.SubscribeControlAsync(
                (message, _) =>
                {
                    _schedulesChanged |= message.SchedulesChanged;
                    return Task.CompletedTask;
                },
                ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Without a broker, changes of schedules are seen later.
            LogNoControl(e);
            return null;
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        EventTopics topics;
        HashSet<RunId> followed;
        lock (_lock)
        {
            topics = _subscribers.Aggregate(EventTopics.None, (all, s) => all | s.Topics);
            followed = [.. _subscribers.SelectMany(s => s.Runs)];
            if (_isNewWanted)
                (_isNewWanted, _looks) = (false, 0);
        }

        string? problem = null;
        try
        {
            if (followed.Count > 0)
                await SendRunsAsync(followed, ct);
            if ((topics & (EventTopics.Figures | EventTopics.Changes)) != EventTopics.None)
            {
                if (_looks % LooksPerFigures == 0)
                    _components = await components.ReadAsync(ct);
                await SendChangesAsync(ct);
            }
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // The same as in every other answer while the database is away: what is still known, and since when.
            problem = "The database does not answer.";
            LogNotRead(e.Message);
        }

        if (topics.HasFlag(EventTopics.Figures) && _looks % LooksPerFigures == 0)
            SendFigures(problem);
        _looks++;
    }

    private async Task SendChangesAsync(CancellationToken ct)
    {
        var look = await findChanges.LookAsync(ct);
        var figures = _looks % LooksPerFigures == 0 ? await readFigures.ExecuteAsync(ct) : null;
        if (_looks % LooksPerFindings == 0)
            _findings = await getFindings.ExecuteAsync(figures, ct);
        var schedules = _schedulesChanged;
        _schedulesChanged = false;
        var changes = FindChanges.Compare(_look, look, figures is null ? null : _figures, figures, schedules);
        _look = look;
        _figures = figures ?? _figures;
        if (!changes.IsEmpty)
        {
            Keep(number =>
                EventFrame.Create(EventTopics.Changes, "changes", changes.ToView(), _epoch, number));
        }
    }

    private void SendFigures(string? problem)
    {
        var findings = ComponentStates.AddTo(_findings, _components);
        var view = (_figures?.ToView() ?? new LiveFiguresView { At = time.GetUtcNow() }) with
        {
            Findings = [.. findings.Select(f => f.ToView())],
            Problem = problem,
            Components = _components,
        };
        var frame = Keep(number =>
            EventFrame.Create(EventTopics.Figures, "figures", view, _epoch, number));
        lock (_lock)
            _lastFigures = AreFiguresHeard ? frame : null;
    }

    private async Task SendRunsAsync(HashSet<RunId> ids, CancellationToken ct)
    {
        var runs = await followRuns.ExecuteAsync(ids, ct);
        lock (_lock)
        {
            foreach (var id in ids)
            {
                // One frame for all who are to be told.
                EventFrame? frame = null;
                var run = runs.GetValueOrDefault(id);
                foreach (var subscriber in _subscribers)
                    subscriber.Tell(id, run, () => frame ??= Show(id, run));
            }
        }
    }

    /// <summary>The event of a run that is followed.</summary>
    private static EventFrame Show(RunId id, FollowedRun? run) => EventFrame.Create(
        EventTopics.Run, "run", run?.ToView() ?? new RunChangeView { Id = id.ToString(), State = "deleted" });

    private EventFrame Keep(Func<long, EventFrame> make)
    {
        lock (_lock)
        {
            var frame = make(++_number);
            _kept.Enqueue(frame);
            if (_kept.Count > MaxKept)
                _kept.Dequeue();
            foreach (var subscriber in _subscribers)
                subscriber.Send(frame);
            return frame;
        }
    }

    private void Broadcast(EventFrame frame)
    {
        lock (_lock)
        {
            foreach (var subscriber in _subscribers)
                subscriber.Send(frame);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The figures for the events could not be read: {Reason}")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "The control channel is not available: changes of schedules are not among the events until somebody connects again.")]
    private partial void LogNoControl(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "The events ended unexpectedly; their listeners connect again.")]
    private partial void LogEnded(Exception e);
}
