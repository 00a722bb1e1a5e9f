using PublicApiGenerator;

namespace Fleet.Tests.House;

/// <summary>Contracts is what applications compile against: its public face changes only on purpose.</summary>
public sealed class ContractsApiTests
{
    [Fact]
    public void Contracts_PublicApi_IsTheApprovedOne()
    {
        var api = typeof(IFleetClient).Assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            // Fleet's own types live in the root namespace; nothing of them is to be left out.
            DenyNamespacePrefixes = [],
        });

        Approved.Check(api, "Contracts.approved.txt");
    }
}
