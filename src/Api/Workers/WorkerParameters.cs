using Fleet.Api.Contract;

namespace Fleet.Api.Workers;

/// <summary>Parameters of the endpoints of workers.</summary>
internal static class WorkerParameters
{
    public static readonly TextParameter Id = new("id", "The id of the worker: a UUID.")
    {
        Place = ParameterPlace.Path,
        MaxLength = 64,
        Example = "01938f3c-0000-7000-8000-000000000000",
    };
}
