using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Search;

/// <summary>A view as a caller asks for it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Query">The query; see <see cref="ParseRunQuery"/>.</param>
/// <param name="Columns">The columns to show; null: the usual ones.</param>
/// <param name="Sort">The column to sort a page by, with <c>-</c> in front for descending; null: the last created first.</param>
/// <param name="Shared">Whether others see it.</param>
public sealed record ViewRequest(string Name, string Query, IReadOnlyList<string>? Columns, string? Sort, bool Shared);

/// <summary>Saves a query for runs under a name, or changes what is saved.</summary>
public sealed class PutViews(IStorage storage, SecretTerms secrets, TimeProvider time)
{
    /// <summary>The columns that a view can show: the members of a run in a list.</summary>
    public static readonly string[] Columns =
    [
        "id", "job", "lane", "state", "attempt", "maxAttempts", "createdAt", "dueAt", "startedAt", "finishedAt", "scheduleId", "fireTime",
        "errorType", "progress", "progressMessage", "tags", "worker", "replays", "crashes", "cancelRequested", "cancelCause", "canceledBy",
        "enqueuedBy", "parentId", "idempotencyKey", "fingerprint", "discardedAt",
    ];

    /// <summary>Saves it.</summary>
    /// <param name="request">The view.</param>
    /// <param name="by">Who saves it. Whoever does so first is its owner.</param>
    /// <param name="expected">What must be stored.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>True if it is new.</returns>
    /// <exception cref="InvalidRunException">A field is not allowed, or the view belongs to somebody else.</exception>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    public async Task<bool> ExecuteAsync(ViewRequest request, Actor by, Expected expected, CancellationToken ct)
    {
        var errors = new InputErrors();
        await CheckAsync(request, errors, ct);
        errors.ThrowIfAny();
        return await storage.WriteRetryingAsync(
            async session =>
            {
                var now = time.GetUtcNow();
                var view = await session.Db.Views.AsTracking().FirstOrDefaultAsync(v => v.Name == request.Name, ct);
                if (view is not null && !view.IsSeenBy(by))
                    throw new InvalidRunException(Taken(request.Name));
                if (view is not null && RefuseChange(view, by, request.Shared) is { } refused)
                    throw new InvalidRunException(refused);
                expected.Check(view?.EditVersion());
                var isNew = view is null;
                var before = view is null ? null : ViewFacts.Of(view);
                if (view is null)
                    session.Db.Views.Add(view = new SavedView { Name = request.Name, Owner = by, CreatedAt = now });
                (view.Query, view.Sort, view.Shared) = (request.Query, request.Sort, request.Shared);
                view.Columns = request.Columns is null ? null : JsonSerializer.Serialize(request.Columns);
                (view.ChangedAt, view.ChangedBy, view.Version) = (now, by, view.Version + 1);
                session.Audit(now, by, "view.put", request.Name, before, ViewFacts.Of(view));
                await session.Db.SaveChangesAsync(ct);
                return isNew;
            },
            ct);
    }

    /// <summary>Finds what is wrong with a view.</summary>
    /// <param name="request">The view.</param>
    /// <param name="errors">Takes an error for each refused field.</param>
    /// <param name="ct">Cancels the call.</param>
    public async ValueTask CheckAsync(ViewRequest request, InputErrors errors, CancellationToken ct)
    {
        errors.Add(RunRules.CheckName("name", request.Name));
        try
        {
            await secrets.CheckAsync(ParseRunQuery.Read(request.Query, time.GetUtcNow()), ct);
        }
        catch (InvalidRunException e)
        {
            errors.Add(e.Error with { Field = "query", Message = $"query{e.Error.Message[e.Error.Field.Length..]}" });
        }

        var columns = request.Columns ?? [];
        for (var i = 0; i < columns.Count && !errors.AreFull; i++)
            errors.Add(CheckColumn($"columns[{i}]", columns[i]));
        if (columns.Count != columns.Distinct(StringComparer.Ordinal).Count())
            errors.Add(new InputError("invalid_columns", "columns", "columns: a column is given twice.", null, "each once"));
        if (request.Sort is { } sort)
            errors.Add(CheckColumn("sort", sort.StartsWith('-') ? sort[1..] : sort));
    }

    /// <summary>The refusal of a change of a view that is shared; null for one that may be made.</summary>
    /// <param name="view">The view.</param>
    /// <param name="by">Who wants to change it.</param>
    /// <param name="staysShared">Whether others see it afterwards.</param>
    internal static InputError? RefuseChange(SavedView view, Actor by, bool staysShared = true)
    {
        var shown = $"'{view.Name}' is a view of {view.Owner?.Name ?? "somebody else"}";
        return !view.MayBeChangedBy(by)
            ? new InputError(
                "view_of_another", "name", $"name: {shown}; only they or an admin may change or delete it.", view.Name,
                "a view of your own")
            // Nobody else would see it then, not even whoever asks for it.
            : !staysShared && !view.IsOwnedBy(by)
                ? new InputError("view_of_another", "shared", $"shared: {shown}; only they may keep it to themselves.", "false", "true")
                : null;
    }

    private static InputError? CheckColumn(string field, string? name)
    {
        if (Columns.Contains(name, StringComparer.Ordinal))
            return null;
        var shown = RunRules.Show(name ?? "null");
        var error = $"{field}: there is no column '{shown}'; {Nearest.Hint(name ?? "", Columns)}";
        return new InputError("unknown_column", field, error, shown, string.Join(", ", Columns));
    }

    private static InputError Taken(string name) => new(
        "view_taken", "name", $"name: '{name}' is a view of somebody else, who does not share it.", name, "a name that is not taken");
}
