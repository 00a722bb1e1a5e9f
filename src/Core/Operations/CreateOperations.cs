using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Rules;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Operations;

/// <summary>An operation as somebody asks for it, after a preview.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Query">Which runs: the query of the preview.</param>
/// <param name="Token">The token of the preview.</param>
public sealed record OperationRequest(OperationKind Kind, string? Query, string? Token)
{
    /// <summary>Refuse it unless it touches exactly so many runs; null: any number.</summary>
    public long? Expect { get; init; }

    /// <summary>Maximum number of runs per second; null: <see cref="OperationRules.DefaultRate"/>.</summary>
    public int? Rate { get; init; }

    /// <summary>Why, in words for people; cut to <see cref="Auditing.MaxReason"/> characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>Creates an operation. The leader executes it.</summary>
public sealed class CreateOperations(
    IStorage storage, PreviewOperations preview, SecretTerms secrets, FleetIdentity fleet, Wakers wakers, TimeProvider time)
{
    /// <param name="request">What is to be done.</param>
    /// <param name="by">Who asks. If they are bound to lanes, only runs of these are touched.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The operation, and whether it is new: the same token makes one operation.</returns>
    /// <exception cref="InvalidRunException">A field is refused, the token is too old, or another number of runs matches than was
    /// expected.</exception>
    public async Task<(Operation Operation, bool IsNew)> ExecuteAsync(OperationRequest request, Actor by, CancellationToken ct)
    {
        // 1. What was asked for is what was previewed.
        var errors = new InputErrors();
        Check(request, errors);
        errors.ThrowIfAny();
        var lanes = by.Via?.Lanes;
        var token = OperationToken.Read(request.Token, request.Kind, request.Query ?? "", lanes, await fleet.GetAsync(ct));
        var id = token.Id.ToString("D");
        if (await FindAsync(id, ct) is { } before)
            return (Seen(before, lanes), false);
        var now = time.GetUtcNow();
        if (now - token.AsOf > OperationRules.TokenLife)
        {
            throw new InvalidRunException(new InputError(
                "token_expired", "token", $"token: the preview is of {token.AsOf:yyyy-MM-dd'T'HH:mm:ss'Z'}; preview again.", null,
                "a token that is at most 1 hour old"));
        }

        // 2. How many runs match by now: those of the preview, without the ones that have changed since.
        var query = await OperationRules.CheckAsync(
            OperationRules.Read(request.Kind, request.Query, lanes, new Horizon(token.AsOf, token.Newest)), secrets, ct);
        var count = token.Newest is null ? new OperationCount(0, IsAtLeast: false) : await preview.CountAsync(query, ct);
        if (request.Expect is { } expected && (expected != count.Value || count.IsAtLeast))
        {
            var found = $"{count.Value}{(count.IsAtLeast ? " or more" : "")}";
            throw new InvalidRunException(new InputError(
                "unexpected_count", "expect", $"expect: {expected} expected, and {found} would be touched. Nothing was changed.",
                $"{expected}", found));
        }

        // 3. The row is the order; the leader finds it.
        var created = await storage.WriteRetryingAsync(
            async session =>
            {
                if (await session.Db.Operations.AsNoTracking().FirstOrDefaultAsync(o => o.Id == id, ct) is { } other)
                    return (Seen(other, lanes), false);
                var running = await session.Db.Operations.Where(o => o.State == OperationState.Running).Select(o => o.Id)
                    .Take(OperationRules.MaxRunning).ToListAsync(ct);
                if (running.Count == OperationRules.MaxRunning)
                {
                    throw new InvalidRunException(new InputError(
                        "too_many_operations", "kind",
                        $"kind: {OperationRules.MaxRunning} operations are under way, the most there may be; wait for one, or cancel one.",
                        request.Kind.ToWord(), null));
                }

                var operation = new Operation
                {
                    Id = id,
                    Kind = request.Kind,
                    Query = request.Query!,
                    Lanes = KeyRules.ToRow(lanes),
                    AsOf = token.AsOf,
                    Newest = token.Newest,
                    Matched = count.Value,
                    MatchedMore = count.IsAtLeast,
                    Rate = request.Rate ?? OperationRules.DefaultRate,
                    Reason = request.Reason is null ? null : StoredText.Cut(request.Reason, Auditing.MaxReason),
                    CreatedAt = now,
                    CreatedBy = by,
                };
                session.Db.Operations.Add(operation);
                session.Audit(now, by, "operation.create", id, before: null, AuditedOperation.Of(operation), request.Reason);
                await session.Db.SaveChangesAsync(ct);
                return (operation, true);
            },
            ct);
        wakers.Operations.Wake();
        return created;
    }

    /// <summary>Finds what is wrong with the members of a request, but for its query and token.</summary>
    public static void Check(OperationRequest request, InputErrors errors)
    {
        errors.Add(OperationRules.CheckRate(request.Rate));
        errors.Add(OperationRules.CheckExpect(request.Expect));
    }

    /// <summary>The operation, for somebody who may know of it. A token can be written by whoever knows the fleet, with the id of any
    /// operation.</summary>
    private static Operation Seen(Operation operation, IReadOnlyList<string>? lanes) =>
        operation.IsSeenWithin(lanes) ? operation : throw new InvalidRunException(OperationToken.OfAnother());

    private async Task<Operation?> FindAsync(string id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Operations.AsNoTracking().FirstOrDefaultAsync(o => o.Id == id, ct);
    }
}

/// <summary>What the audit says of an operation that was created.</summary>
internal sealed record AuditedOperation(
    string Kind, string Query, IReadOnlyList<string>? Lanes, DateTimeOffset AsOf, RunId? Newest, long Matched, bool MatchedMore, int Rate)
{
    public static AuditedOperation Of(Operation operation) => new(
        operation.Kind.ToWord(), operation.Query, KeyRules.FromRow(operation.Lanes), operation.AsOf, operation.Newest, operation.Matched,
        operation.MatchedMore, operation.Rate);
}
