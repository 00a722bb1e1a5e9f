namespace Fleet.Api.Contract;

/// <summary>Parameters that several endpoints take.</summary>
internal static class CommonParameters
{
    /// <summary>Maximum number of items in one answer.</summary>
    public const int MaxLimit = 500;

    public static readonly RunIdParameter RunId = new("id", "The id of the run: a UUID, as the enqueue answered.")
    {
        Place = ParameterPlace.Path,
        Example = "01938f3c-0000-7000-8000-000000000000",
    };

    /// <summary>What the name of a job, a schedule, a lane or a view matches.</summary>
    public const string NamePattern = "^[a-z0-9][a-z0-9._-]*$";

    public static readonly TextParameter ScheduleId = new("id", "The id of the schedule.")
    {
        Pattern = NamePattern,
        Place = ParameterPlace.Path,
        MaxLength = 128,
        Example = "nightly-report",
    };

    public static readonly IdempotencyKeyParameter IdempotencyKey = new()
    {
        Place = ParameterPlace.Header,
        Example = "order-4711",
    };

    /// <summary>The headers of <see cref="Caller"/>. Endpoints that change something have them without declaring them.</summary>
    public static readonly IReadOnlyList<Parameter> Caller =
    [
        new ActorNameParameter(Api.Caller.Header, "The person who asks, for the record. It is recorded but not verified.")
        {
            Place = ParameterPlace.Header,
            Code = "invalid_user",
            Example = "alex",
        },
        new ActorNameParameter(Api.Caller.ProgramHeader, "The program that asks, for the record. It counts if there is no person.")
        {
            Place = ParameterPlace.Header,
            Code = "invalid_user",
        },
    ];

    public static readonly PreconditionParameter IfMatch = new(
        "If-Match",
        "The version that the change expects to be stored: the `ETag` of an earlier answer with its quotation marks, several with commas "
        + "between them, or `*` for any.")
    {
        Place = ParameterPlace.Header,
        ChecksBoth = true,
        Example = "*",
    };

    public static readonly PreconditionParameter IfNoneMatch =
        new("If-None-Match", "`*`: the change expects that nothing is stored.") { Place = ParameterPlace.Header };

    public static readonly PreconditionParameter Known = new(
        "If-None-Match", "The `ETag` of an answer that the caller has. If it is the one of the answer, that is 304 without a body.")
    {
        Place = ParameterPlace.Header,
        IsRead = true,
    };

    public static readonly FlagParameter DryRun = new(
        "dryRun", "Checks the request and answers what it would do, but changes nothing. The introduction says how it answers.");

    /// <summary>The maximum number of items in the answer; a short page does not mean the end.</summary>
    public static NumberParameter Limit(int byDefault) => new("limit", "The maximum number of items in the answer.", 1, MaxLimit)
    {
        Default = byDefault,
        Example = "20",
    };
}
