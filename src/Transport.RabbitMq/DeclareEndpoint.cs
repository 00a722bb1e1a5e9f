using MassTransit;
using MassTransit.RabbitMqTransport;
using MassTransit.RabbitMqTransport.Middleware;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>Makes sure of a listener's queue whenever it connects, in the place of MassTransit, which would declare it and end in an
/// endless retry where the user may not. While the broker refuses, the listener waits, and <see cref="BrokerProblems"/> says why.</summary>
/// <param name="declarations">What must be there.</param>
/// <param name="optional">What may be missing.</param>
/// <param name="settings">The listener's, for MassTransit.</param>
/// <param name="topology">Declares.</param>
/// <param name="alarms">Is shown the connection.</param>
/// <param name="problems">Learns that the queue cannot be read.</param>
/// <param name="time">For pauses.</param>
internal sealed class DeclareEndpoint(
    IReadOnlyList<Declaration> declarations,
    IReadOnlyList<Declaration> optional,
    ReceiveSettings settings,
    BrokerDeclarations topology,
    BrokerAlarms alarms,
    BrokerProblems problems,
    TimeProvider time) : IFilter<ChannelContext>
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _unread = TimeSpan.Zero;

    /// <summary>Ends when the broker refuses for the first time: nobody need wait for this listener then.</summary>
    public Task Refused => _refused.Task;

    private string ReadKey => "read " + settings.QueueName;

    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetTopology");

    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        var connection = context.ConnectionContext.Connection;
        alarms.Watch(connection);
        // After a refusal of the last try to listen.
        if (_unread > TimeSpan.Zero)
            await PauseAsync(context, _unread);
        for (var pause = FirstPause; !await TryEnsureAsync(connection, context.CancellationToken); pause = Longer(pause))
            await PauseAsync(context, pause);
        // MassTransit's own declarations count as done.
        context.GetOrAddPayload(() => settings);
        await context.OneTimeSetup<ConfigureTopologyContext<ReceiveSettings>>(() => Task.CompletedTask);
        try
        {
            var listening = next.Send(context);
            if (_unread > TimeSpan.Zero
                && await Task.WhenAny(listening, Task.Delay(FirstPause, time, context.CancellationToken)) != listening)
            {
                _unread = TimeSpan.Zero;
                problems.Clear(ReadKey);
            }

            await listening;
        }
        catch (OperationInterruptedException e) when (BrokerRefusal.IsForbidden(e))
        {
            _unread = Longer(_unread);
            _refused.TrySetResult();
            problems.Report(
                ReadKey, Severity.Degraded,
                $"no right to read queue '{settings.QueueName}': {BrokerRefusal.Read(e.ShutdownReason!.ReplyText).Problem}");
            throw;
        }
    }

    private async Task<bool> TryEnsureAsync(IConnection connection, CancellationToken ct)
    {
        try
        {
            await topology.EnsureAllAsync(connection, declarations, ct);
        }
        catch (TopologyRefusedException)
        {
            _refused.TrySetResult();
            return false;
        }

        foreach (var declaration in optional)
        {
            try
            {
                await topology.EnsureAsync(connection, declaration, ct);
            }
            catch (TopologyRefusedException)
            {
                // It is told; the lane goes on without it.
            }
        }

        return true;
    }

    private static TimeSpan Longer(TimeSpan pause) =>
        pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private async Task PauseAsync(ChannelContext context, TimeSpan pause)
    {
        await Task.Delay(pause, time, context.CancellationToken);
        if (context.Channel is { IsOpen: false, CloseReason: { } reason })
            throw new AlreadyClosedException(reason);
    }
}
