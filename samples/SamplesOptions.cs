namespace Fleet.Samples;

/// <summary>The section <c>Fleet:Samples</c>.</summary>
public sealed class SamplesOptions
{
    public const string Section = "Fleet:Samples";

    /// <summary>The base address of the process that serves <c>/health/live</c> and the sample endpoints; absolute, http or
    /// https. Empty (the default): this process itself.</summary>
    public string ApiBase { get; set; } = "";

    /// <summary>Where <c>samples.sync</c> pulls from; absolute, http or https. Empty (the default): the API's
    /// <c>/samples/records</c>.</summary>
    public string SourceUrl { get; set; } = "";

    /// <summary>The folder of the reports; created when missing. Default: <c>reports</c> in the data folder.</summary>
    public string Output { get; set; } = "";

    /// <summary>Adds the schedules that keep the samples going. Default: true.</summary>
    public bool Schedules { get; set; } = true;

    /// <summary>What is wrong with the values; empty when all is well.</summary>
    public IEnumerable<string> Check()
    {
        foreach (var (name, value) in new[] { (nameof(ApiBase), ApiBase), (nameof(SourceUrl), SourceUrl) })
        {
            if (value.Length > 0 && !HttpAddress.IsAllowed(value))
                yield return $"{Section}:{name}: '{value}' is not allowed; allowed is {HttpAddress.Allowed}, or nothing.";
        }

        if (string.IsNullOrWhiteSpace(Output) || Output.Contains('\0', StringComparison.Ordinal))
            yield return $"{Section}:Output: '{Output}' is not allowed; allowed is the path of a folder.";
    }
}
