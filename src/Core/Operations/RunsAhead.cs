using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Operations;

/// <summary>Looks up which runs of an operation come next.</summary>
public sealed class RunsAhead(IStorage storage, TimeProvider time)
{
    /// <summary>How many runs are looked up at once.</summary>
    private const int MaxAhead = 1000;

    // Rows with args or errors can be large; few of them are read at once.
    private const int TextsAtOnce = 200;

    /// <summary>Finds the next runs of an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="query">Its query.</param>
    /// <param name="work">Takes what is found.</param>
    /// <param name="ct">Gives up; then nothing is taken.</param>
    public async Task FindAsync(Operation operation, RunQuery query, OperationWork work, CancellationToken ct)
    {
        // Nothing is newer than the newest run that the preview found, and without one nothing matched.
        if (operation.Newest is null)
        {
            work.IsAtEnd = true;
            return;
        }

        await storage.ReadSnapshotAsync(
            async db =>
            {
                var budget = new SearchBudget();
                var scan = new ScanRuns(db, query, IdRange.Of(query, operation.Cursor), budget, time);
                var atOnce = query.ReadsTexts ? TextsAtOnce : MaxAhead;
                var found = new List<RunId>();
                await foreach (var run in scan.ReadAsync(RunColumns.Compared(query), atOnce, budget.FirstWindow, ct))
                {
                    found.Add(run.Id);
                    if (found.Count == MaxAhead)
                        break;
                }

                // Not before all of it was read: what fails midway is read again.
                work.Found(found, found.Count == MaxAhead ? found[^1] : scan.Last, scan.IsComplete);
                return true;
            },
            ct);
    }
}
