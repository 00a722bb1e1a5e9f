namespace Fleet;

/// <summary>Names a kind of work. Stands on the args type; the handler is found by its <see cref="IJob{TArgs}"/>.</summary>
/// <remarks>The name is what travels on the wire and stays in the database. CLR type names never do, so types can be
/// renamed and moved freely; when the job's name itself must change, keep the old one in <see cref="Aliases"/>.</remarks>
/// <param name="name">1–128 characters: lower-case letters, digits, <c>.</c>, <c>_</c>, <c>-</c>; starts with a letter or digit.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class JobAttribute(string name) : Attribute
{
    /// <summary>The stable name of the job, such as <c>report.daily</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The lane that runs travel on unless the caller says otherwise. Default: <c>default</c>.</summary>
    public string Lane { get; set; } = "default";

    /// <summary>How often a run is tried in all, the first try included: 1–1000. 0 (the default) takes the retry policy's number.</summary>
    public int MaxAttempts { get; set; }

    /// <summary>How long one attempt may take, such as <c>30s</c>, <c>5m</c> or <c>00:05:00</c>. Null (the default): as long as it
    /// needs.</summary>
    public string? Timeout { get; set; }

    /// <summary>Earlier names of this job; runs stored under them still find it.</summary>
    public string[] Aliases { get; set; } = [];

    /// <summary>One sentence for people, shown by the API and the dashboard.</summary>
    public string? Description { get; set; }
}

/// <summary>Names an event that <see cref="JobContext.PublishAsync{TEvent}"/> sends.</summary>
/// <param name="name">The stable name of the event, such as <c>order.paid</c>; same rules as a job's name.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class EventAttribute(string name) : Attribute
{
    /// <summary>The stable name of the event.</summary>
    public string Name { get; } = name;
}
