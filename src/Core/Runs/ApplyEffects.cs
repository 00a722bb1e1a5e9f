using System.Diagnostics;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Completes runs together with their effects, many runs in one transaction. If an effect fails, only its own run fails.</summary>
/// <remarks>Separate from plain completions, so that those do not wait for statements of users.</remarks>
public sealed class ApplyEffects : IAsyncDisposable
{
    /// <summary>Maximum time of a shared transaction. During this time the rows of its runs are locked.</summary>
    internal static readonly TimeSpan SharedLimit = TimeSpan.FromSeconds(5);

    /// <summary>Maximum time of the effects of one run that were too slow for a shared transaction.</summary>
    internal static readonly TimeSpan AloneLimit = TimeSpan.FromSeconds(30);

    /// <summary>If a transaction takes longer than this, the next one is smaller.</summary>
    private static readonly TimeSpan LongFlush = TimeSpan.FromSeconds(1);

    private const int MaxRuns = 500;

    /// <summary>Maximum number of effects in a transaction, unless a single run has more.</summary>
    private const int MaxStatements = 1000;

    private const int MaxAlone = 4;

    /// <summary>Maximum number of tries for the effects of one run if other writers are in the way. After that the caller waits and starts
    /// again.</summary>
    private const int MaxConflicts = 10;

    private readonly IStorage _storage;
    private readonly GroupCommit<Completion, Task<SettleOutcome>> _group;
    private readonly SemaphoreSlim _alone = new(MaxAlone);
    private readonly HashSet<Task> _applyingAlone = [];
    private int _size = MaxRuns;

    public ApplyEffects(IStorage storage)
    {
        _storage = storage;
        _group = new("effects", FlushAsync, storage.JudgeBatch, MaxRuns);
    }

    /// <summary>Completes a run and applies its effects.</summary>
    /// <exception cref="EffectFailedException">One of them failed, and nothing was stored.</exception>
    public async Task<SettleOutcome> ExecuteAsync(Completion completion, CancellationToken ct) =>
        await (await _group.AddAsync(completion, ct)).WaitAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await _group.DisposeAsync();
        Task[] left;
        lock (_applyingAlone)
            left = [.. _applyingAlone];
        await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _alone.Dispose();
    }

    /// <summary>Applies a batch in as few transactions as its bad effects allow. A failed transaction does not wait for the disk, and its
    /// error tells which run failed. The runs before that one form the next transaction, so each effect is executed about twice at
    /// most.</summary>
    private async Task<IReadOnlyList<Task<SettleOutcome>>> FlushAsync(IReadOnlyList<Completion> items, CancellationToken ct)
    {
        var answers = new Dictionary<Completion, Task<SettleOutcome>>(items.Count, ReferenceEqualityComparer.Instance);
        var waiting = items.Distinct(ReferenceEqualityComparer.Instance).Cast<Completion>().ToList();
        waiting.Sort(EffectOrder.Instance);
        var checksEach = false;
        while (waiting.Count > 0)
        {
            var chunk = waiting[..CountOf(waiting)];
            try
            {
                var startedAt = Stopwatch.GetTimestamp();
                var outcomes = await _storage.ApplyEffectsAsync(chunk, checksEach, SharedLimit, ct);
                for (var i = 0; i < chunk.Count; i++)
                    answers[chunk[i]] = Answer(chunk[i], outcomes[i]);
                waiting.RemoveRange(0, chunk.Count);
                _size = Stopwatch.GetElapsedTime(startedAt) > LongFlush
                    ? Math.Max(1, chunk.Count / 2)
                    : Math.Min(MaxRuns, Math.Max(_size, chunk.Count) * 2);
            }
            catch (EffectStoppedException e) when (_storage.Effects.Judge(e.InnerException!) is EffectFault.Effect or EffectFault.Slow)
            {
                var culprit = chunk[e.Run];
                answers[culprit] = _storage.Effects.Judge(e.InnerException!) == EffectFault.Slow
                    ? Begin(culprit)
                    : Task.FromException<SettleOutcome>(FailureOf(culprit, e.Effect, e.InnerException!));
                waiting.RemoveAt(e.Run);
                _size = e.Run > 0 ? e.Run : Smaller(chunk.Count, 4);
            }
            catch (Exception e)
            {
                var error = e is EffectStoppedException { InnerException: { } inner } ? inner : e;
                if (IsOutage(error))
                {
                    foreach (var completion in waiting)
                        answers[completion] = Task.FromException<SettleOutcome>(error);
                    break;
                }

                var isConflict = _storage.Effects.Judge(error) == EffectFault.Conflict;
                if (chunk.Count == 1)
                {
                    answers[chunk[0]] = Begin(chunk[0]);
                    waiting.RemoveAt(0);
                }
                else if (isConflict || checksEach)
                {
                    _size = Smaller(chunk.Count, 8);
                }
                else
                {
                    // The error came at the commit. Checking each run separately shows which run caused it.
                    checksEach = true;
                }
            }
        }

        return [.. items.Select(item => answers[item])];
    }

    /// <summary>Number of waiting runs that go into the next transaction.</summary>
    private int CountOf(List<Completion> waiting)
    {
        var (count, statements) = (0, 0);
        while (count < waiting.Count && count < _size)
        {
            statements += waiting[count].Effects.Count;
            if (count > 0 && statements > MaxStatements)
                break;
            count++;
        }

        return count;
    }

    private static int Smaller(int count, int by) => Math.Max(1, count / by);

    private bool IsOutage(Exception e) =>
        e is OutcomeUnknownException or OperationCanceledException || _storage.IsUnavailable(e)
            || _storage.Effects.Judge(e) == EffectFault.Outage;

    private static Task<SettleOutcome> Answer(Completion completion, EffectOutcome outcome) => outcome.Error is null
        ? Task.FromResult(outcome.Outcome)
        : Task.FromException<SettleOutcome>(FailureOf(completion, outcome.Effect, outcome.Error));

    private static EffectFailedException FailureOf(Completion completion, int effect, Exception error) =>
        EffectFailedException.Of(completion.Effects, effect, error);

    private static TimeoutException TooSlow(Exception error) =>
        new($"It took longer than {AloneLimit:c}, by itself or behind the locks of others.", error);

    /// <summary>Begins to apply the effects of one run beside the others.</summary>
    private Task<SettleOutcome> Begin(Completion completion)
    {
        var applying = Task.Run(() => ApplyAloneAsync(completion));
        lock (_applyingAlone)
            _applyingAlone.Add(applying);
        _ = applying.ContinueWith(
            done =>
            {
                lock (_applyingAlone)
                    _applyingAlone.Remove(done);
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return applying;
    }

    private async Task<SettleOutcome> ApplyAloneAsync(Completion completion)
    {
        await _alone.WaitAsync();
        try
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    return await _storage.ApplyAloneAsync(completion, AloneLimit, CancellationToken.None);
                }
                catch (EffectStoppedException e)
                {
                    var error = e.InnerException!;
                    switch (_storage.Effects.Judge(error))
                    {
                        case EffectFault.Conflict when tries < MaxConflicts:
                            break;
                        case EffectFault.Conflict or EffectFault.Outage:
                            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
                            break;
                        case EffectFault.Slow:
                            throw FailureOf(completion, e.Effect, TooSlow(error));
                        default:
                            throw FailureOf(completion, e.Effect, error);
                    }
                }
                catch (Exception e) when (tries < MaxConflicts && _storage.Effects.Judge(e) == EffectFault.Conflict)
                {
                    // At the commit.
                }
                catch (Exception e) when (!IsOutage(e) && _storage.Effects.IsRefusedCommit(e))
                {
                    throw EffectFailedException.AtCommit(e);
                }

                // The machine's clock, because the other writer is in the database.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 20 * tries)), TimeProvider.System);
            }
        }
        finally
        {
            _alone.Release();
        }
    }
}
