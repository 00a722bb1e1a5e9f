using System.Globalization;
using Fleet.Core.Access;
using Fleet.Core.Rules;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Operations;

/// <summary>The allowed values of the fields of an operation, and what its query means.</summary>
public static class OperationRules
{
    /// <summary>Runs per second, unless the request says otherwise.</summary>
    public const int DefaultRate = 500;

    /// <summary>Maximum number of runs per second.</summary>
    public const int MaxRate = 10_000;

    /// <summary>Maximum number of operations under way at once.</summary>
    public const int MaxRunning = 20;

    /// <summary>Up to here a preview counts.</summary>
    public const int CountCap = 100_000;

    /// <summary>The code of a query for states alone in which the change is not possible.</summary>
    public const string ImpossibleState = "impossible_state";

    /// <summary>How long the token of a preview is valid.</summary>
    public static readonly TimeSpan TokenLife = TimeSpan.FromHours(1);

    /// <summary>The words of all kinds, for errors: <c>cancel, replay, delete</c>.</summary>
    public static string Kinds { get; } = string.Join(", ", Enum.GetValues<OperationKind>().Select(ToWord));

    /// <summary>The word for people and programs, such as <c>replay</c>.</summary>
    public static string ToWord(this OperationKind kind) => Enum.GetName(kind)!.ToLowerInvariant();

    /// <summary>The word for people and programs, such as <c>running</c>.</summary>
    public static string ToWord(this OperationState state) => Enum.GetName(state)!.ToLowerInvariant();

    /// <summary>Reads the word of a kind.</summary>
    /// <returns>Null when there is no such kind.</returns>
    public static OperationKind? FindKind(string? word) => Enum.GetValues<OperationKind>().Where(kind => kind.ToWord() == word)
        .Select(kind => (OperationKind?)kind).FirstOrDefault();

    /// <summary>Checks how many runs per second are changed.</summary>
    public static InputError? CheckRate(int? rate) => rate is null or (>= 1 and <= MaxRate)
        ? null
        : RunRules.Invalid(
            "invalid_rate", "rate", rate.Value.ToString(CultureInfo.InvariantCulture), $"1–{MaxRate} runs per second");

    /// <summary>Checks how many runs the caller expects.</summary>
    public static InputError? CheckExpect(long? expect) => expect is null or (>= 0 and <= CountCap)
        ? null
        : RunRules.Invalid("invalid_expect", "expect", expect.Value.ToString(CultureInfo.InvariantCulture), $"0–{CountCap}");

    /// <summary>Reads the query of an operation: the runs that match the text and are in a state in which the change is possible.</summary>
    /// <param name="kind">What is to be done.</param>
    /// <param name="text">The query; at least one term.</param>
    /// <param name="lanes">The lanes to which whoever asks is bound; null: all.</param>
    /// <param name="horizon">How far it reaches. Relative times count back from its instant.</param>
    /// <exception cref="InvalidRunException">The query is not well formed, empty, or asks for states alone in which the change is not
    /// possible.</exception>
    public static RunQuery Read(OperationKind kind, string? text, IReadOnlyList<string>? lanes, Horizon horizon)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new InvalidRunException(RunRules.Invalid("invalid_query", "query", text, "at least one term, such as state:failed"));
        RunQuery query;
        try
        {
            query = ParseRunQuery.Read(text, horizon.At);
        }
        catch (InvalidRunException e)
        {
            throw new InvalidRunException([.. e.Errors.Select(Renamed)]);
        }

        var possible = PossibleStates(kind);
        StateWord[] states = query.States.Count == 0 ? possible : [.. query.States.Where(possible.Contains)];
        if (states.Length == 0)
        {
            var asked = $"state:{string.Join(',', query.States.Select(ToWord))}";
            throw new InvalidRunException(RunRules.Invalid(
                ImpossibleState, "query", asked,
                $"for {kind.ToWord()}: {string.Join(", ", possible.Select(ToWord))}; no other run can be changed so"));
        }

        query = query with { States = states, Horizon = horizon, WithoutRevoked = kind == OperationKind.Replay };
        return lanes is null ? query : query.Within(lanes);
    }

    /// <summary>The query of an operation that was created.</summary>
    public static RunQuery QueryOf(Operation operation) => Read(
        operation.Kind, operation.Query, KeyRules.FromRow(operation.Lanes), new Horizon(operation.AsOf, operation.Newest));

    /// <summary>Checks that a query asks for no secret.</summary>
    /// <exception cref="InvalidRunException">It does.</exception>
    public static async ValueTask<RunQuery> CheckAsync(RunQuery query, SecretTerms secrets, CancellationToken ct)
    {
        try
        {
            return await secrets.CheckAsync(query, ct);
        }
        catch (InvalidRunException e)
        {
            throw new InvalidRunException([.. e.Errors.Select(Renamed)]);
        }
    }

    /// <summary>Whether somebody who is bound to lanes may know of an operation: only if it can touch no other lane.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="lanes">The lanes; null: all.</param>
    public static bool IsSeenWithin(this Operation operation, IReadOnlyList<string>? lanes) =>
        lanes is null
        || (KeyRules.FromRow(operation.Lanes) is { Count: > 0 } own && own.All(lane => lanes.Contains(lane, StringComparer.Ordinal)));

    private static StateWord[] PossibleStates(OperationKind kind) => kind switch
    {
        OperationKind.Cancel => [StateWord.Pending, StateWord.Ready, StateWord.Scheduled, StateWord.Running],
        OperationKind.Replay => [StateWord.Failed, StateWord.Canceled, StateWord.Dead],
        _ => [StateWord.Succeeded, StateWord.Failed, StateWord.Canceled, StateWord.Dead],
    };

    private static string ToWord(StateWord state) => Enum.GetName(state)!.ToLowerInvariant();

    /// <summary>In a body the field has another name than in a query string.</summary>
    private static InputError Renamed(InputError error) => error.Field == "q"
        ? error with { Field = "query", Message = $"query{error.Message[1..]}" }
        : error;
}
