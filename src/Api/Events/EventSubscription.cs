using System.Threading.Channels;
using Fleet.Core.Live;

namespace Fleet.Api.Events;

/// <summary>One listener of the events. Frames wait in a small queue; a listener that does not keep up is cut off, and the others do not
/// wait for it.</summary>
/// <param name="Topics">What it listens to.</param>
/// <param name="Runs">The runs that it follows.</param>
internal sealed record EventSubscription(EventTopics Topics, IReadOnlySet<RunId> Runs) : IDisposable
{
    /// <summary>Number of frames that may wait.</summary>
    public const int MaxWaiting = 64;

    // The last frames have this long to be written when the process stops.
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    private readonly Channel<EventFrame> _frames = Channel.CreateBounded<EventFrame>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    private readonly CancellationTokenSource _cut = new();

    // What the listener was told last about each run that it follows. Guarded by the lock of the hub.
    private readonly Dictionary<RunId, FollowedRun?> _told = [];

    /// <summary>What waits to be written.</summary>
    public ChannelReader<EventFrame> Frames => _frames.Reader;

    /// <summary>Trips when the connection is to be given up.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Adds a frame that is for everybody who listens to its topic.</summary>
    public void Send(EventFrame frame)
    {
        if ((frame.Topic == EventTopics.None || (Topics & frame.Topic) != EventTopics.None) && !_frames.Writer.TryWrite(frame))
            CutOff();
    }

    /// <summary>Tells the state of a run that it follows, unless it was told that state last.</summary>
    /// <param name="id">The run.</param>
    /// <param name="run">Its state; null if it is not there any more.</param>
    /// <param name="show">Makes the frame.</param>
    public void Tell(RunId id, FollowedRun? run, Func<EventFrame> show)
    {
        if (!Runs.Contains(id) || (_told.TryGetValue(id, out var last) && last == run))
            return;
        _told[id] = run;
        Send(show());
    }

    /// <summary>Ends the stream after what waits.</summary>
    public void End(TimeProvider time)
    {
        _frames.Writer.TryComplete();
        _ = time.CreateTimer(_ => CutOff(), null, TimeToEnd, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _frames.Writer.TryComplete();

    private void CutOff()
    {
        _frames.Writer.TryComplete();
        _cut.Cancel();
    }
}
